package dev.godwit.node.online;

import static org.awaitility.Awaitility.await;

import dev.godwit.node.cluster.Api;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.SyncStatus;
import java.time.Duration;
import java.util.EnumSet;
import java.util.OptionalLong;
import java.util.Set;

/** How a migration of consistency {@code online} is asked how far it is. */
final class InStep {
    private static final Set<Phase> COPIED = EnumSet.of(Phase.CATCHING_UP, Phase.IN_STEP);
    private static final Duration POLL = Duration.ofMillis(250);

    private InStep() {}

    /** Waits until all rows are there and only changes are left. */
    static void awaitCopied(Api api, String migration, Duration atMost) {
        await(migration + " copied").atMost(atMost).pollInterval(POLL).until(() -> isCopied(api, migration));
    }

    static boolean isCopied(Api api, String migration) {
        return COPIED.contains(status(api, migration).phase());
    }

    /** Waits until it has copied, and then until everything that was committed at the source by then is in the target. */
    static void awaitSync(Api api, String migration, Duration atMost) {
        awaitCopied(api, migration, atMost);
        SyncStatus asked = api.sync(migration, OptionalLong.empty());
        await(migration + " has everything before " + asked.until())
                .atMost(atMost)
                .pollInterval(POLL)
                .until(
                        () -> {
                            status(api, migration);
                            return api.sync(migration, OptionalLong.of(asked.until()));
                        },
                        SyncStatus::reached);
    }

    /** @throws AssertionError if it has ended, or a table needs a person */
    private static MigrationStatus status(Api api, String migration) {
        MigrationStatus status = api.status(migration);
        if (status.phase().ended() || status.tablesPaused() > 0) {
            throw new AssertionError(migration + " needs a person: " + status);
        }
        return status;
    }
}
