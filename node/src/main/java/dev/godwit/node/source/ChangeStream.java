package dev.godwit.node.source;

import dev.godwit.node.capture.StreamMessage;
import java.time.Duration;
import java.util.Optional;

/** An open replication slot. Owned by one thread, except {@link #cancel} and {@link #acknowledge}. */
public interface ChangeStream extends AutoCloseable {
    /** Where it was acknowledged when it was opened: what is sent was committed after that. */
    long confirmedLsn();

    /**
     * The next message. Tells the source in between that we live, and what was acknowledged.
     *
     * @return empty if none came within the time
     */
    Optional<StreamMessage> next(Duration atMost);

    /**
     * Everything that was committed up to here is durable in every target, or never needed there: the source may forget it.
     * Never goes back; what was told last counts.
     */
    void acknowledge(long lsn);

    /** Ends a blocked {@link #next} from another thread. */
    void cancel();

    @Override
    void close();
}
