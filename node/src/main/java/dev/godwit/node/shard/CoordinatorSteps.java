package dev.godwit.node.shard;

import dev.godwit.node.ledger.AfterFailure;
import dev.godwit.node.ledger.TableLedger;
import dev.godwit.node.shard.CoordinatorWork.Step;
import dev.godwit.node.target.TargetDatabase.Claim;
import dev.godwit.node.target.TargetDatabase.Confirmation;
import dev.godwit.node.target.TargetDatabase.Retirement;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.event.TableEvent;
import dev.godwit.protocol.event.TableEvent.ClaimsConfirmed;
import dev.godwit.protocol.event.TableEvent.KeysBuilt;
import dev.godwit.protocol.event.TableEvent.ShardLanded;
import dev.godwit.protocol.event.TableEvent.ShardRetired;
import dev.godwit.protocol.event.TableEvent.ShardsReleased;
import dev.godwit.protocol.event.TableEvent.ShardsReopened;
import dev.godwit.protocol.event.TableEvent.TableHalted;
import dev.godwit.protocol.event.TableEvent.WindowCut;
import dev.godwit.protocol.table.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/**
 * What a coordinator decides when a step that asked the databases has ended: the events that its ledger is to take in.
 * An answer that came too late decides nothing. Used by its actor's thread alone.
 */
final class CoordinatorSteps {
    private final ActorContext<ShardCoordinator.Command> context;
    private final CoordinatorWork work;

    CoordinatorSteps(ActorContext<ShardCoordinator.Command> context, CoordinatorWork work) {
        this.context = context;
        this.work = work;
    }

    List<TableEvent> recollected(TableLedger ledger, ShardCoordinator.Recollected command) {
        TableDesk.Recollection recollection = command.recollection();
        work.recollected(ledger, recollection);
        List<TableEvent> events = new ArrayList<>();
        recollection.claims().values().forEach(claim -> events.add(eventOf(claim, recollection)));
        Set<String> members = Members.names(context.getSystem());
        ledger.open().stream()
                .filter(shard -> shard.node() != null && !members.contains(shard.node()))
                .filter(shard -> !recollection.claims().containsKey(shard.id()))
                .forEach(shard -> events.add(new ShardsReleased(List.of(shard.id()), shard.node())));
        return events;
    }

    private TableEvent eventOf(Claim claim, TableDesk.Recollection recollection) {
        if (claim.retired()) {
            Window pieces = recollection.pieces().get(claim.shard());
            work.addRanges(pieces);
            return new ShardRetired(claim.shard(), pieces.ranges().size());
        }
        return landed(claim);
    }

    private static ShardLanded landed(Claim claim) {
        return new ShardLanded(claim.shard(), claim.rows(), claim.bytes(), 0, claim.node());
    }

    List<TableEvent> windowReady(TableLedger ledger, ShardCoordinator.WindowReady command) {
        work.stepEnded(Step.CUT);
        if (command.number() != ledger.windows()) {
            return List.of();
        }
        Window window = command.window();
        work.addRanges(window);
        return List.of(new WindowCut(window.name(), window.ranges().size(), window.last()));
    }

    List<TableEvent> retireEnded(TableLedger ledger, ShardCoordinator.RetireEnded command) {
        work.retireEnded(command.shard());
        if (ledger.open(command.shard()).isEmpty()) {
            return List.of();
        }
        if (command.retirement() instanceof Retirement.Retired retired) {
            work.addRanges(retired.pieces());
            return List.of(
                    new ShardRetired(command.shard(), retired.pieces().ranges().size()));
        }
        return List.of(landed(((Retirement.Copied) command.retirement()).claim()));
    }

    List<TableEvent> cannotBeCut(TableLedger ledger, ShardCoordinator.CannotBeCut command) {
        work.cannotBeCut(command.shard());
        return List.of(new ShardsReleased(List.of(command.shard()), "none"));
    }

    List<TableEvent> confirmEnded(TableLedger ledger, ShardCoordinator.ConfirmEnded command) {
        work.stepEnded(Step.CONFIRM);
        Confirmation confirmation = command.confirmation();
        if (!ledger.landed()) {
            return List.of();
        }
        if (confirmation.missing().isEmpty()) {
            return List.of(new ClaimsConfirmed(confirmation.rows(), confirmation.bytes(), confirmation.shards()));
        }
        context.getLog()
                .warn(
                        "{} shards of {} were reported as landed and have no claim in the target: copied again",
                        confirmation.missing().size(),
                        ledger.table().name());
        work.recollectAgain();
        return List.of(new ShardsReopened(
                confirmation.missing(), ledger.rows() - confirmation.rows(), ledger.bytes() - confirmation.bytes()));
    }

    List<TableEvent> keysEnded(TableLedger ledger, ShardCoordinator.KeysEnded command) {
        work.stepEnded(Step.KEYS);
        return ledger.keysBuilt() ? List.of() : List.of(new KeysBuilt());
    }

    List<TableEvent> stepFailed(TableLedger ledger, ShardCoordinator.StepFailed command) {
        Problem problem = command.problem();
        context.getLog()
                .warn("{} of {} failed: {}", command.step(), ledger.table().name(), problem.line());
        AfterFailure after = work.stepFailed(command);
        return after instanceof AfterFailure.PauseTable && ledger.halted().isEmpty()
                ? List.of(new TableHalted(problem))
                : List.of();
    }
}
