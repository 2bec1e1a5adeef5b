package dev.godwit.node.join;

import dev.godwit.node.config.NodeConfiguration;
import dev.godwit.node.config.StateStoreSettings;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.cluster.Cluster;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.coordination.lease.LeaseSettings;
import org.apache.pekko.coordination.lease.javadsl.Lease;
import org.postgresql.Driver;

/**
 * The split brain resolver's lease: a row in the state store. Taking, renewing and giving back are one conditional
 * statement each; owner and expiry are by the database's clock. The owner renews it every heartbeat-interval; one that
 * was killed loses it heartbeat-timeout later.
 *
 * <p>The lease may be taken over from an owner that this node reaches: it stands on the same side. Without that, a
 * cluster whose last decision was made by one node would end itself if another one had to make the next.
 *
 * <p>No caller is blocked: a thread of its own does the work, on a connection for each operation (they are rare), within
 * lease-operation-timeout. Made by Pekko, by the class name in {@code godwit.lease}.
 */
public final class StateStoreLease extends Lease {
    private static final String TAKE = """
            INSERT INTO lease AS held (name, owner, expires_at)
            VALUES (?, ?, clock_timestamp() + ? * interval '1 millisecond')
            ON CONFLICT (name) DO UPDATE SET owner = EXCLUDED.owner, expires_at = EXCLUDED.expires_at
            WHERE held.owner = EXCLUDED.owner OR held.owner = ANY (?) OR held.expires_at < clock_timestamp()
            """;
    private static final String RENEW = """
            UPDATE lease SET expires_at = clock_timestamp() + ? * interval '1 millisecond'
            WHERE name = ? AND owner = ? AND expires_at >= clock_timestamp()
            """;
    private static final String GIVE_BACK = "DELETE FROM lease WHERE name = ? AND owner = ?";

    private final LeaseSettings settings;
    private final ExtendedActorSystem system;
    private final StateStoreSettings store;
    private final Duration timeToLive;
    private final ScheduledExecutorService executor;
    /** By {@link System#nanoTime()}; null while this node does not own the lease. */
    private volatile Long heldUntilNanos;
    /** Of the executor's thread alone. */
    private ScheduledFuture<?> renewal;

    public StateStoreLease(LeaseSettings settings, ExtendedActorSystem system) {
        this.settings = settings;
        this.system = system;
        this.store = NodeConfiguration.settings(system.settings().config()).stateStore();
        this.timeToLive = settings.timeoutSettings().getHeartbeatTimeout();
        this.executor = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "godwit-lease");
            thread.setDaemon(true);
            return thread;
        });
        system.getWhenTerminated().whenComplete((done, failure) -> executor.shutdownNow());
    }

    @Override
    public LeaseSettings getSettings() {
        return settings;
    }

    @Override
    public CompletionStage<Boolean> acquire() {
        return acquire(lost -> {});
    }

    @Override
    public CompletionStage<Boolean> acquire(Consumer<Optional<Throwable>> lost) {
        List<String> sameSide = reachable();
        CompletableFuture<Boolean> result = new CompletableFuture<>();
        attempt(result, () -> {
            boolean taken = take(sameSide);
            if (!result.complete(taken) && taken) {
                // The caller was told no and acts on it: the other side must be able to get the lease.
                giveBack();
            } else if (taken) {
                long every = settings.timeoutSettings().getHeartbeatInterval().toMillis();
                renewal = executor.scheduleWithFixedDelay(() -> renew(lost), every, every, TimeUnit.MILLISECONDS);
            }
        });
        return result;
    }

    @Override
    public CompletionStage<Boolean> release() {
        CompletableFuture<Boolean> result = new CompletableFuture<>();
        attempt(result, () -> {
            giveBack();
            result.complete(true);
        });
        return result;
    }

    /** By this process's own clock, so that an owner that was stopped does not believe in an old lease. */
    @Override
    public boolean checkLease() {
        Long until = heldUntilNanos;
        return until != null && System.nanoTime() - until < 0;
    }

    private boolean take(List<String> sameSide) throws SQLException {
        stopRenewal();
        long begin = System.nanoTime();
        try (Connection connection = connect();
                PreparedStatement take = connection.prepareStatement(TAKE)) {
            take.setString(1, settings.leaseName());
            take.setString(2, settings.ownerName());
            take.setLong(3, timeToLive.toMillis());
            take.setArray(4, connection.createArrayOf("text", sameSide.toArray()));
            boolean taken = take.executeUpdate() == 1;
            heldUntilNanos = taken ? begin + timeToLive.toNanos() : null;
            return taken;
        }
    }

    private void giveBack() throws SQLException {
        stopRenewal();
        heldUntilNanos = null;
        try (Connection connection = connect();
                PreparedStatement giveBack = connection.prepareStatement(GIVE_BACK)) {
            giveBack.setString(1, settings.leaseName());
            giveBack.setString(2, settings.ownerName());
            giveBack.executeUpdate();
        }
    }

    private void renew(Consumer<Optional<Throwable>> lost) {
        Optional<Throwable> failure = Optional.empty();
        long begin = System.nanoTime();
        try (Connection connection = connect();
                PreparedStatement renew = connection.prepareStatement(RENEW)) {
            renew.setLong(1, timeToLive.toMillis());
            renew.setString(2, settings.leaseName());
            renew.setString(3, settings.ownerName());
            if (renew.executeUpdate() == 1) {
                heldUntilNanos = begin + timeToLive.toNanos();
                return;
            }
        } catch (SQLException e) {
            failure = Optional.of(StateStoreFailure.of(e, store.place()));
        }
        // Not sure to be the owner any more: the next decision has to ask again.
        stopRenewal();
        heldUntilNanos = null;
        lost.accept(failure);
    }

    private void stopRenewal() {
        if (renewal != null) {
            renewal.cancel(false);
            renewal = null;
        }
    }

    /** Owner names of the members that this node's side reaches. Not asked for before the cluster has started. */
    private List<String> reachable() {
        List<String> reachable = new ArrayList<>();
        Cluster cluster = Cluster.get(system);
        for (Member member : cluster.state().getMembers()) {
            if (!cluster.state().getUnreachable().contains(member)) {
                reachable.add(member.address().hostPort());
            }
        }
        return reachable;
    }

    private Connection connect() throws SQLException {
        return new Driver().connect(store.url(), store.driverProperties("godwit-lease"));
    }

    private void attempt(CompletableFuture<Boolean> result, Work work) {
        executor.execute(() -> {
            try {
                work.run();
            } catch (SQLException e) {
                result.completeExceptionally(StateStoreFailure.of(e, store.place()));
            } catch (RuntimeException e) {
                result.completeExceptionally(e);
            }
        });
        result.completeOnTimeout(
                false, settings.timeoutSettings().getOperationTimeout().toMillis(), TimeUnit.MILLISECONDS);
    }

    private interface Work {
        void run() throws SQLException;
    }
}
