package dev.godwit.node.join;

import dev.godwit.node.config.JoinSettings;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.AddressFromURIString;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Down;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.cluster.typed.JoinSeedNodes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a node into the one cluster that lives on a state store, and keeps its row there as long as it lives.
 *
 * <pre>
 * prepare the store, register
 *   |
 *   v
 * members that are fresh and don't refuse? --yes--> join them, wait for Up --no luck--> look again
 *   | no                                               |
 *   v                                                  |
 * formation lock --taken by another--> look again      |
 *   | mine                                             |
 *   v                                                  |
 * fresh member? --yes--> give the lock back, look again|
 *   | no: all members are dead                         |
 *   v                                                  |
 * write a new incarnation, join self, wait for Up      |
 *   v                                                  v
 * heartbeat: flagged as member of that incarnation (and the lock is given back)
 *   v
 * heartbeats until shutdown; another incarnation in the store: shut down
 * </pre>
 *
 * <p>A member is dead if its address refuses connections and it missed two heartbeats, or if it was silent for {@link
 * JoinSettings#freshWithin()} while this node could read the store: after an outage of the store, the members of a
 * cluster that lived through it have that time to show themselves. A timeout alone proves nothing. Whoever was taken
 * for dead and was not (a stopped process) reads the new incarnation at its next heartbeat and ends itself.
 *
 * <p>All of it runs on one thread of its own that may block, in steps that are bounded each: an operation of the store by
 * its settings, everything else by the constants here. A store that can't be reached is tried again for ever, with pauses
 * of 0.5 s growing to 15 s, half of each by chance. Nothing survives a restart but the rows.
 */
public final class Joiner {
    private static final Logger LOG = LoggerFactory.getLogger(Joiner.class);

    private static final Duration REFUSAL_TIMEOUT = Duration.ofSeconds(1);
    /** For the answer of a member; then the store is looked at again, which may know others by now. */
    private static final Duration ADMITTED_TIMEOUT = Duration.ofSeconds(5);
    /** For becoming Up: a cluster that has just lost a node admits nobody before that is settled, in some 10 s. */
    private static final Duration UP_TIMEOUT = Duration.ofSeconds(20);
    /** Between two looks at the store while there is nothing to join. */
    private static final Duration LOOK_PAUSE = Duration.ofMillis(250);

    private static final Duration LOOK_PAUSE_AT_MOST = Duration.ofSeconds(1);

    private static final Duration UP_PAUSE = Duration.ofMillis(50);
    private static final Duration RETRY_AT_LEAST = Duration.ofMillis(500);
    private static final Duration RETRY_AT_MOST = Duration.ofSeconds(15);
    private static final int SEEDS_AT_MOST = 5;
    private static final int MISSED_HEARTBEATS = 2;

    private final StateStore store;
    private final JoinSettings settings;
    private final ActorSystem<?> system;
    private final Cluster cluster;
    private final Registration self;
    private final Stop stop = new Stop();
    private final CompletableFuture<Done> joined = new CompletableFuture<>();
    private final CompletableFuture<Done> ended = new CompletableFuture<>();

    /** The cluster that this node joins or has joined; null before. Of the joiner's thread alone. */
    private UUID incarnation;

    private Joiner(StateStore store, JoinSettings settings, ActorSystem<?> system, String version, String httpUrl) {
        this.store = store;
        this.settings = settings;
        this.system = system;
        this.cluster = Cluster.get(system);
        this.self = new Registration(
                cluster.selfMember().address().toString(),
                cluster.selfMember().getRoles().stream()
                        .filter(role -> !role.startsWith("dc-"))
                        .sorted()
                        .toList(),
                version,
                httpUrl);
    }

    /**
     * Starts joining. Makes the store's tables where they are missing, so that the journal works once the stage is done.
     * The node's row is removed on coordinated shutdown, in the phase before the actor system ends; the store is not
     * closed.
     *
     * @param system the node's actor system, of {@link dev.godwit.node.config.NodeConfiguration#pekkoConfig}
     * @param version version of Godwit, shown to people
     * @param httpUrl base URL of this node's HTTP interface; empty if it has none
     * @return done when the node is Up and stands in the store as a member; never, while the store can't be reached.
     *     Fails with GodwitException STATE_STORE_NEWER, or CLUSTER_NOT_READY if the system ends before
     */
    public static CompletionStage<Done> join(
            StateStore store, JoinSettings settings, ActorSystem<?> system, String version, String httpUrl) {
        Joiner joiner = new Joiner(store, settings, system, version, httpUrl);
        CoordinatedShutdown.get(system)
                .addTask(
                        CoordinatedShutdown.PhaseBeforeActorSystemTerminate(), "godwit-deregister", joiner::leaveStore);
        system.getWhenTerminated().whenComplete((done, failure) -> joiner.stop.atOnce());
        Thread thread = new Thread(joiner::run, "godwit-joiner");
        thread.setDaemon(true);
        thread.start();
        return joiner.joined;
    }

    private CompletionStage<Done> leaveStore() {
        stop.andDeregister();
        return ended;
    }

    private void run() {
        try {
            enter();
            LOG.info("{} is a member of cluster {}", self.address(), incarnation);
            joined.complete(Done.getInstance());
            beat();
        } catch (Stop.Stopped e) {
            joined.completeExceptionally(new GodwitException(
                    ErrorCode.CLUSTER_NOT_READY, "The node was stopped while it joined.", self.address(), ""));
        } catch (GodwitException e) {
            LOG.error("{} can't join: {}", self.address(), e.getMessage());
            joined.completeExceptionally(e);
        } catch (InterruptedException | RuntimeException e) {
            LOG.error("{} can't join", self.address(), e);
            joined.completeExceptionally(e);
        } finally {
            deregister();
            ended.complete(Done.getInstance());
        }
    }

    private void enter() throws InterruptedException, Stop.Stopped {
        retried("prepare the state store", () -> {
            store.prepare();
            store.register(self, settings.forgetAfter());
            return true;
        });
        Duration pause = LOOK_PAUSE;
        while (!retried("join", this::enterOnce)) {
            stop.pause(jittered(pause));
            pause = doubled(pause, LOOK_PAUSE_AT_MOST);
        }
    }

    /** One look and what follows from it; true if this node is a member now. */
    private boolean enterOnce() throws InterruptedException, Stop.Stopped {
        if (admitted()) {
            return awaitUp() && flag();
        }
        Membership membership = store.membership();
        List<Member> candidates = candidates(membership, refusing(membership));
        if (candidates.isEmpty()) {
            return formUnlessAnotherDoes();
        }
        incarnation = membership.incarnation().orElseThrow();
        cluster.manager().tell(new JoinSeedNodes(seeds(candidates)));
        return await(this::admitted, ADMITTED_TIMEOUT) && awaitUp() && flag();
    }

    private boolean formUnlessAnotherDoes() throws InterruptedException, Stop.Stopped {
        Optional<FormationLock> lock = store.tryFormationLock();
        if (lock.isEmpty()) {
            return false;
        }
        try (FormationLock held = lock.get()) {
            if (!allMembersAreDead()) {
                return false;
            }
            incarnation = held.newIncarnation(self.address());
            LOG.info("No member is alive: {} forms cluster {}", self.address(), incarnation);
            cluster.manager().tell(new Join(cluster.selfMember().address()));
            return awaitUp() && flag();
        }
    }

    /** Watches the members until all are known to be dead, or one is there to be joined. */
    private boolean allMembersAreDead() throws InterruptedException, Stop.Stopped {
        long begin = System.nanoTime();
        boolean told = false;
        while (true) {
            Membership membership = store.membership();
            Set<String> refusing = refusing(membership);
            if (!candidates(membership, refusing).isEmpty()) {
                return false;
            }
            Duration watched = Duration.ofNanos(System.nanoTime() - begin);
            List<String> maybeAlive = others(membership).stream()
                    .filter(member -> !dead(member, refusing.contains(member.address()), watched))
                    .map(Member::address)
                    .toList();
            if (maybeAlive.isEmpty()) {
                return true;
            }
            if (!told) {
                LOG.info("Waiting whether these members still live before a cluster is formed: {}", maybeAlive);
                told = true;
            }
            stop.pause(LOOK_PAUSE);
        }
    }

    private boolean dead(Member member, boolean refuses, Duration watched) {
        return refuses
                ? member.silentFor().compareTo(settings.heartbeatInterval().multipliedBy(MISSED_HEARTBEATS)) >= 0
                : watched.compareTo(settings.freshWithin()) >= 0;
    }

    private List<Member> candidates(Membership membership, Set<String> refusing) {
        return others(membership).stream()
                .filter(member -> member.silentFor().compareTo(settings.freshWithin()) <= 0)
                .filter(member -> !refusing.contains(member.address()))
                .toList();
    }

    private Set<String> refusing(Membership membership) throws InterruptedException {
        return Refusals.among(others(membership).stream().map(Member::address).toList(), REFUSAL_TIMEOUT);
    }

    private List<Member> others(Membership membership) {
        return membership.members().stream()
                .filter(member -> !member.address().equals(self.address()))
                .toList();
    }

    /** Any few of them, so that not all newcomers ask the same ones. */
    private static List<Address> seeds(List<Member> candidates) {
        List<Member> shuffled = new ArrayList<>(candidates);
        Collections.shuffle(shuffled);
        return shuffled.stream()
                .limit(SEEDS_AT_MOST)
                .map(member -> AddressFromURIString.parse(member.address()))
                .toList();
    }

    /** Whether some cluster, or this node's own, has this node in its membership. */
    private boolean admitted() {
        MemberStatus status = cluster.selfMember().status();
        return status.equals(MemberStatus.joining())
                || status.equals(MemberStatus.weaklyUp())
                || status.equals(MemberStatus.up());
    }

    private boolean awaitUp() throws InterruptedException, Stop.Stopped {
        return await(() -> cluster.selfMember().status().equals(MemberStatus.up()), UP_TIMEOUT);
    }

    private boolean await(BooleanSupplier condition, Duration timeout) throws InterruptedException, Stop.Stopped {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                LOG.warn(
                        "{} is {} in the cluster after {} s, looks again",
                        self.address(),
                        cluster.selfMember().status(),
                        timeout.toSeconds());
                return false;
            }
            stop.pause(UP_PAUSE);
        }
        return true;
    }

    /** Writes that this node is a member; leaves if the store has another cluster by now. */
    private boolean flag() {
        Optional<UUID> current = store.heartbeat(self, incarnation);
        if (current.equals(Optional.of(incarnation))) {
            return true;
        }
        LOG.error(
                "The state store has cluster {}, {} belongs to cluster {}: it shuts down, because two clusters can't"
                        + " live on one store. Start it again and it joins the other one.",
                current.map(UUID::toString).orElse("none"),
                self.address(),
                incarnation);
        stop.andDeregister();
        CoordinatedShutdown.get(system).runAll(new AnotherClusterFormed());
        // No entity of this node should go on for the time that an orderly leaving takes.
        cluster.manager().tell(new Down(cluster.selfMember().address()));
        throw new GodwitException(
                ErrorCode.CLUSTER_NOT_READY, "Another cluster lives on the state store.", self.address(), "");
    }

    /** Goes on whatever happens: a member without heartbeats would be taken for dead and not even learn it. */
    private void beat() throws InterruptedException, Stop.Stopped {
        boolean silent = false;
        while (true) {
            stop.pause(settings.heartbeatInterval());
            try {
                flag();
                if (silent) {
                    LOG.info("{} is seen in the state store again", self.address());
                }
                silent = false;
            } catch (RuntimeException e) {
                if (!silent && !stop.deregisters()) {
                    LOG.warn("No heartbeat of {} in the state store: {}", self.address(), e.getMessage());
                }
                silent = true;
            }
        }
    }

    private void deregister() {
        if (!stop.deregisters()) {
            return;
        }
        try {
            store.deregister(self.address(), incarnation);
        } catch (RuntimeException e) {
            LOG.warn("The row of {} stays in the state store: {}", self.address(), e.getMessage());
        }
    }

    private <T> T retried(String what, Step<T> step) throws InterruptedException, Stop.Stopped {
        Duration pause = RETRY_AT_LEAST;
        while (true) {
            try {
                return step.take();
            } catch (GodwitException e) {
                if (e.code() != ErrorCode.STATE_STORE_UNREACHABLE) {
                    throw e;
                }
                LOG.warn("{} can't {}, tries again: {}", self.address(), what, e.getMessage());
            }
            stop.pause(jittered(pause));
            pause = doubled(pause, RETRY_AT_MOST);
        }
    }

    private static Duration doubled(Duration pause, Duration atMost) {
        Duration longer = pause.multipliedBy(2);
        return longer.compareTo(atMost) < 0 ? longer : atMost;
    }

    /** Half to all of it. */
    private static Duration jittered(Duration pause) {
        return Duration.ofMillis(
                (long) (pause.toMillis() * (0.5 + ThreadLocalRandom.current().nextDouble() / 2)));
    }

    private interface Step<T> {
        T take() throws InterruptedException, Stop.Stopped;
    }
}
