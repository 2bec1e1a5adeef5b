package dev.godwit.node.shard;

import java.util.concurrent.Executor;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;

/** The threads for all that blocks: JDBC and nothing else runs on them, and JDBC runs on no others. */
public final class BlockingDispatcher {
    /** Its path in the configuration. */
    public static final String NAME = "godwit.blocking-dispatcher";

    /** Path of the dispatcher that gives either end of a shard's stream a thread of its own for as long as it lasts. */
    static final String COPY = "godwit.copy-dispatcher";

    private BlockingDispatcher() {}

    public static Executor of(ActorSystem<?> system) {
        return system.dispatchers().lookup(DispatcherSelector.fromConfig(NAME));
    }
}
