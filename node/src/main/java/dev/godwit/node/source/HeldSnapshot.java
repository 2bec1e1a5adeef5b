package dev.godwit.node.source;

/** A session that keeps a snapshot alive. */
public interface HeldSnapshot extends AutoCloseable {
    /** Name under which this session exports it. */
    String exported();

    /** Its {@code pg_current_snapshot()} as text; the same for every holder of one snapshot. */
    String snapshot();

    /** Asks the session; false once it is gone. Blocks for some seconds at most. */
    boolean alive();

    @Override
    void close();
}
