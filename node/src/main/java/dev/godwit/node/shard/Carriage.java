package dev.godwit.node.shard;

import dev.godwit.node.source.SourceDatabase;
import dev.godwit.node.target.TargetDatabase;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Plan;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;

/** One try to carry what a worker was given. All but {@link #start} may be called from any thread and never blocks. */
interface Carriage {
    /** @param grantedBytes memory that the sink has granted to this try */
    static Carriage of(
            ShardWorker.Given work,
            ShardWorker.Surroundings around,
            Plan plan,
            Optional<ShardWorker.SharedSnapshot> snapshot,
            long grantedBytes) {
        String node = around.node() + "@" + around.cluster();
        SourceDatabase source = around.databases().source(plan);
        TargetDatabase target = around.databases().target(plan);
        if (work instanceof ShardWorker.BundleGiven bundle) {
            return new BundleCopy(
                    source,
                    target,
                    new BundleCopy.Order(plan, bundle.tables(), around.cluster(), node, snapshot),
                    around.meter());
        }
        ShardWorker.WorkGiven given = (ShardWorker.WorkGiven) work;
        return new ShardCopy(
                source,
                target,
                new ShardCopy.Order(
                        plan.name(),
                        given.table(),
                        given.shard(),
                        around.cluster(),
                        node,
                        snapshot,
                        given.aimedBytes(),
                        given.splittable(),
                        plan.consistency() == Consistency.ONLINE ? Optional.of(around.changes()) : Optional.empty()),
                grantedBytes,
                around.meter());
    }

    /** Begins; the stage never fails. */
    CompletionStage<WorkOutcome> start(ActorSystem<?> system);

    /** Rows read so far. */
    long rows();

    /** Bytes read so far. */
    long bytes();

    /** Gives the try up if the target takes nothing. */
    void giveUpIfStalled();

    /** Ends the try soon; the outcome is then {@link WorkOutcome.GivenBack} unless it has already landed. */
    void cancel();
}
