package dev.godwit.node.shard;

import java.util.concurrent.Executor;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;

/**
 * The threads for all that blocks: JDBC and nothing else runs on them, and JDBC runs on no others, but for what writes a
 * shard ({@link ShardCopy}).
 */
public final class BlockingDispatcher {
    /** Its path in the configuration. */
    public static final String NAME = "godwit.blocking-dispatcher";

    private BlockingDispatcher() {}

    public static Executor of(ActorSystem<?> system) {
        return system.dispatchers().lookup(DispatcherSelector.fromConfig(NAME));
    }
}
