package dev.godwit.node.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.migration.SnapshotKeeper.Keep;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class SnapshotKeeperTest {
    private static final ActorTestKit KIT = ActorTestKit.create();

    private final Queue<String> told = new ConcurrentLinkedQueue<>();

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    private ActorRef<SnapshotKeeper.Command> keeper(Exports exports) {
        return KIT.spawn(SnapshotKeeper.create(
                () -> exports,
                (name, text, why) ->
                        told.add(why == null ? name + " is " + text : why.code().name())));
    }

    @Test
    void it_tells_the_name_under_which_it_exports_what_it_has_imported() {
        keeper(new Exports().with("first", "742:742:")).tell(new Keep("742:742:", List.of("first"), false));

        await().until(() -> !told.isEmpty());
        assertThat(told).containsExactly("first-again is 742:742:");
    }

    @Test
    void it_never_tells_a_snapshot_that_a_restarted_source_gave_the_same_name() {
        Exports exports = new Exports().with("first", "800:800:");

        keeper(exports).tell(new Keep("742:742:", List.of("first"), false));

        await().until(() -> exports.closed() > 0);
        assertThat(told).doesNotContain("first-again is 800:800:");
    }
}
