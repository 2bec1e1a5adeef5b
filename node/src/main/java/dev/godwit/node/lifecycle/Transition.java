package dev.godwit.node.lifecycle;

import static dev.godwit.protocol.status.Phase.CANCELLED;
import static dev.godwit.protocol.status.Phase.CATCHING_UP;
import static dev.godwit.protocol.status.Phase.CHECKED;
import static dev.godwit.protocol.status.Phase.COMPLETED;
import static dev.godwit.protocol.status.Phase.COPYING;
import static dev.godwit.protocol.status.Phase.DRAFTED;
import static dev.godwit.protocol.status.Phase.FAILED;
import static dev.godwit.protocol.status.Phase.INDEXING;
import static dev.godwit.protocol.status.Phase.IN_STEP;
import static dev.godwit.protocol.status.Phase.PREPARED;

import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.event.MigrationEvent.CatchingUp;
import dev.godwit.protocol.event.MigrationEvent.FellBehind;
import dev.godwit.protocol.event.MigrationEvent.InStep;
import dev.godwit.protocol.event.MigrationEvent.MigrationCancelled;
import dev.godwit.protocol.event.MigrationEvent.MigrationChecked;
import dev.godwit.protocol.event.MigrationEvent.MigrationCompleted;
import dev.godwit.protocol.event.MigrationEvent.MigrationFailed;
import dev.godwit.protocol.event.MigrationEvent.MigrationPrepared;
import dev.godwit.protocol.event.MigrationEvent.MigrationSubmitted;
import dev.godwit.protocol.event.MigrationEvent.SnapshotLost;
import dev.godwit.protocol.event.MigrationEvent.TableCopied;
import dev.godwit.protocol.event.MigrationEvent.TableStarted;
import dev.godwit.protocol.event.MigrationEvent.TablesCompleted;
import dev.godwit.protocol.status.Phase;
import java.util.List;
import java.util.Optional;

/**
 * One row of the table of phases: what an event makes of a phase. Events that are in no row leave the phase alone. A
 * pause is not a phase here: it lies over one and hides it ({@link MigrationLedger#phase()}).
 *
 * @param from the phase before
 * @param on the event
 * @param to the phase after
 */
public record Transition(Phase from, Class<? extends MigrationEvent> on, Phase to) {
    /** All of them. {@code TableCopied} and {@code TablesCompleted} end the copying only with the last table: {@link MigrationLedger}. */
    public static final List<Transition> ALL = List.of(
            new Transition(DRAFTED, MigrationSubmitted.class, DRAFTED),
            new Transition(FAILED, MigrationSubmitted.class, DRAFTED),
            new Transition(DRAFTED, MigrationChecked.class, CHECKED),
            new Transition(DRAFTED, MigrationFailed.class, FAILED),
            new Transition(DRAFTED, MigrationCancelled.class, CANCELLED),
            new Transition(CHECKED, MigrationPrepared.class, PREPARED),
            new Transition(CHECKED, MigrationFailed.class, FAILED),
            new Transition(CHECKED, SnapshotLost.class, FAILED),
            new Transition(CHECKED, MigrationCancelled.class, CANCELLED),
            new Transition(PREPARED, TableStarted.class, COPYING),
            new Transition(PREPARED, SnapshotLost.class, FAILED),
            new Transition(PREPARED, MigrationCancelled.class, CANCELLED),
            new Transition(COPYING, TableCopied.class, INDEXING),
            new Transition(COPYING, TablesCompleted.class, INDEXING),
            new Transition(COPYING, SnapshotLost.class, FAILED),
            new Transition(COPYING, MigrationCancelled.class, CANCELLED),
            new Transition(INDEXING, MigrationCompleted.class, COMPLETED),
            new Transition(INDEXING, MigrationCancelled.class, CANCELLED),
            new Transition(INDEXING, CatchingUp.class, CATCHING_UP),
            new Transition(CATCHING_UP, InStep.class, IN_STEP),
            new Transition(CATCHING_UP, MigrationCancelled.class, CANCELLED),
            new Transition(IN_STEP, FellBehind.class, CATCHING_UP),
            new Transition(IN_STEP, MigrationCompleted.class, COMPLETED),
            new Transition(IN_STEP, MigrationCancelled.class, CANCELLED));

    /** The phase that {@code event} leads to from {@code from}; empty if it leads to none. */
    public static Optional<Phase> next(Phase from, MigrationEvent event) {
        return ALL.stream()
                .filter(t -> t.from() == from && t.on() == event.getClass())
                .map(Transition::to)
                .findFirst();
    }

    /** Whether a migration to which this happens has ended, for now: one that failed may begin anew. */
    public static boolean ends(MigrationEvent event) {
        return ALL.stream().anyMatch(t -> t.on() == event.getClass() && t.to().ended());
    }
}
