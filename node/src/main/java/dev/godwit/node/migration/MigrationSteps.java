package dev.godwit.node.migration;

import dev.godwit.node.lifecycle.MigrationLedger;
import dev.godwit.node.lifecycle.NextSteps;
import dev.godwit.node.lifecycle.OneSnapshot;
import dev.godwit.node.lifecycle.StartOver;
import dev.godwit.node.plan.PlanDigest;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.event.CaptureSlot;
import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.event.MigrationEvent.CaptureBegan;
import dev.godwit.protocol.event.MigrationEvent.CaptureEnded;
import dev.godwit.protocol.event.MigrationEvent.MigrationChecked;
import dev.godwit.protocol.event.MigrationEvent.MigrationFailed;
import dev.godwit.protocol.event.MigrationEvent.MigrationPrepared;
import dev.godwit.protocol.event.MigrationEvent.SchemaFinished;
import dev.godwit.protocol.event.MigrationEvent.SchemaHalted;
import dev.godwit.protocol.event.MigrationEvent.SnapshotLost;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.status.Phase;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/**
 * The steps of a migration that ask its databases: begins the one that is due, and decides, when it has ended, which
 * events the ledger is to take in. An answer that came too late decides nothing. Used by its actor's thread alone.
 */
final class MigrationSteps {
    private final String name;
    private final ActorContext<Migration.Command> context;
    private final Clock clock;
    private final MigrationWatch watch;
    private final Preparation preparation;

    /** @param name of the migration */
    MigrationSteps(
            String name,
            ActorContext<Migration.Command> context,
            Clock clock,
            MigrationWatch watch,
            Preparation preparation) {
        this.name = name;
        this.context = context;
        this.clock = clock;
        this.watch = watch;
        this.preparation = preparation;
    }

    private Instant now() {
        return clock.instant();
    }

    /** After a recovery nobody waits for the step that was under way. */
    void forget() {
        preparation.forget();
    }

    /** Begins the step that is due, if none is under way. */
    void begin(MigrationLedger ledger) {
        Phase phase = ledger.phaseUnderPause();
        if (ledger.captureEndIsDue()) {
            preparation.dropCapture(ledger);
            return;
        }
        if (phase == Phase.DRAFTED) {
            preparation.check(ledger);
        } else if (phase == Phase.CHECKED && (!ledger.oneSnapshot() || watch.holderIsKnown())) {
            preparation.enter(ledger);
        }
        if (OneSnapshot.isNeeded(ledger) && watch.searchIsDue(MigrationWatch.HOLDER_SILENCE)) {
            preparation.search(ledger);
        }
        if (ledger.schemaEndIsDue() && !ledger.paused()) {
            preparation.finish(ledger);
        }
    }

    List<MigrationEvent> checkEnded(MigrationLedger ledger, Migration.CheckEnded command) {
        preparation.ended();
        watch.waitsFor(null);
        if (ledger.phaseUnderPause() != Phase.DRAFTED || !ledger.planDigest().equals(command.planDigest())) {
            return List.of();
        }
        MigrationCheck.Checked checked = command.checked();
        boolean wasOpen = ledger.plan().schema() == null;
        Plan decided = ledger.plan().decided(checked.schema().mode());
        return NextSteps.afterCheck(
                checked.problems(),
                checked.tables(),
                new MigrationChecked(
                        checked.sourceIdentity(),
                        decided.schema(),
                        checked.schema().reason(),
                        wasOpen ? PlanDigest.of(decided) : ledger.planDigest(),
                        now()));
    }

    List<MigrationEvent> entryEnded(MigrationLedger ledger, Migration.EntryEnded command) {
        preparation.ended();
        watch.waitsFor(null);
        if (ledger.phaseUnderPause() != Phase.CHECKED
                || !ledger.planDigest().equals(command.planDigest())
                || !ledger.snapshot().orElse("").equals(command.snapshot())) {
            boolean captures = command.entered() instanceof Preparation.Ours ours && ours.slot() != null;
            return captures
                            && ledger.phaseUnderPause().ended()
                            && ledger.capture().isEmpty()
                    ? List.of(new CaptureBegan(((Preparation.Ours) command.entered()).slot(), now())) // to be dropped
                    : List.of();
        }
        if (command.entered() instanceof Preparation.Adopt adopt) {
            watch.isNewForeigner(adopt.cluster());
            return OneSnapshot.adopted(ledger, adopt.cluster(), adopt.exported(), adopt.snapshot(), now());
        }
        CaptureSlot slot = ((Preparation.Ours) command.entered()).slot();
        return slot == null || ledger.capture().isPresent()
                ? List.of(new MigrationPrepared(now()))
                : List.of(new CaptureBegan(slot, now()), new MigrationPrepared(now()));
    }

    List<MigrationEvent> searchEnded(MigrationLedger ledger, Migration.SearchEnded command) {
        preparation.ended();
        watch.searched();
        return command.search() == Preparation.Search.LOST && OneSnapshot.isNeeded(ledger) && !watch.holderIsKnown()
                ? List.of(new SnapshotLost(StartOver.snapshotLost(name), now()))
                : List.of();
    }

    List<MigrationEvent> captureDropped(MigrationLedger ledger) {
        preparation.ended();
        return ledger.captureEndIsDue() ? List.of(new CaptureEnded(now())) : List.of();
    }

    List<MigrationEvent> schemaEnded(MigrationLedger ledger, Migration.SchemaEnded command) {
        preparation.ended();
        watch.waitsFor(null);
        return ledger.schemaEndIsDue() ? List.of(new SchemaFinished(command.problems(), now())) : List.of();
    }

    List<MigrationEvent> failed(MigrationLedger ledger, Migration.StepFailed command) {
        Problem problem = command.problem();
        context.getLog().warn("{} of {} failed: {}", command.step(), name, problem.line());
        if (ledger.phaseUnderPause().ended()) {
            preparation.failed(problem.code());
            return List.of(); // tried again, as long as the migration is in memory
        }
        boolean preparing = ledger.phaseUnderPause() == Phase.DRAFTED || ledger.phaseUnderPause() == Phase.CHECKED;
        boolean again = preparation.failed(problem.code());
        if (ledger.schemaEndIsDue() && preparation.needsAPerson(problem.code())) {
            return List.of(new SchemaHalted(problem, now()));
        } else if (again || !preparing) {
            watch.waitsFor(problem);
            return List.of();
        }
        return List.of(new MigrationFailed(List.of(problem), now()));
    }
}
