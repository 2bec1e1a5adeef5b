package dev.godwit.node.lifecycle;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.event.MigrationEvent.MigrationCancelled;
import dev.godwit.protocol.event.MigrationEvent.MigrationPaused;
import dev.godwit.protocol.event.MigrationEvent.MigrationResumed;
import dev.godwit.protocol.event.MigrationEvent.MigrationSubmitted;
import dev.godwit.protocol.event.MigrationEvent.TableResumed;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.status.Action;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.TableState;
import dev.godwit.protocol.table.TableName;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What people ask of a migration: what may be asked where it stands, and what is decided then. Pure. */
public final class Requests {
    private Requests() {}

    /**
     * The answer to a request.
     *
     * @param events what is decided, to be kept before it is answered; none if it is refused or already so
     * @param refusal why it is refused; empty if it is not
     */
    public record Answer(List<MigrationEvent> events, Optional<Problem> refusal) {
        static Answer of(List<MigrationEvent> events) {
            return new Answer(List.copyOf(events), Optional.empty());
        }

        static Answer refused(Problem problem) {
            return new Answer(List.of(), Optional.of(problem));
        }
    }

    /**
     * A plan is handed in: begins, takes in what may change (limits, references to passwords, sslmode, properties), or
     * leaves all as it is, since it goes on by itself.
     */
    public static Answer submit(String name, MigrationLedger ledger, Plan plan, String planDigest, Instant now) {
        boolean begins = !ledger.submitted() || ledger.mayBeginAnew();
        if (!begins && !ledger.planDigest().equals(planDigest)) {
            return Answer.refused(new Problem(
                    ErrorCode.PLAN_CONFLICT,
                    "a migration of this name was started with another plan",
                    "migration " + name,
                    "give this plan another name, or hand in the plan that it was started with"));
        }
        boolean changes = !begins && !ledger.phase().ended() && !ledger.plan().equals(plan);
        return Answer.of(begins || changes ? List.of(new MigrationSubmitted(plan, planDigest, now)) : List.of());
    }

    /** A person acts. Resuming resumes the tables too that are paused since they failed. */
    public static Answer act(String name, MigrationLedger ledger, Action action, String by, Instant now) {
        if (!ledger.submitted()) {
            return Answer.refused(notFound(name));
        }
        List<Action> allowed = allowed(ledger);
        if (!allowed.contains(action)) {
            return Answer.refused(new Problem(
                    ErrorCode.ACTION_NOT_ALLOWED_NOW,
                    "a migration that is " + ledger.phase().word() + " can't be told to " + action.word(),
                    "migration " + name,
                    instead(ledger, allowed)));
        }
        return Answer.of(
                switch (action) {
                    case PAUSE -> List.of(new MigrationPaused(by, now));
                    case CANCEL -> List.of(new MigrationCancelled(by, now));
                    case RESUME -> resumed(ledger, by, now);
                    case COMPLETE -> List.of(NextSteps.completed(ledger, now));
                });
    }

    private static String instead(MigrationLedger ledger, List<Action> allowed) {
        if (ledger.mayBeginAnew()) {
            return "hand its plan in again: that begins it anew";
        }
        return allowed.isEmpty()
                ? "nothing can be asked of it any more; a plan with another name begins another migration"
                : "allowed now: " + allowed.stream().map(Action::word).collect(Collectors.joining(", "));
    }

    private static List<MigrationEvent> resumed(MigrationLedger ledger, String by, Instant now) {
        List<MigrationEvent> events = new ArrayList<>();
        if (ledger.paused() || isHalted(ledger)) {
            events.add(new MigrationResumed(by, now));
        }
        pausedTables(ledger).forEach(table -> events.add(new TableResumed(table, by, now)));
        return events;
    }

    /** The actions that would be taken now. */
    public static List<Action> allowed(MigrationLedger ledger) {
        if (!ledger.submitted() || ledger.phase().ended()) {
            return List.of();
        } else if (ledger.paused()) {
            return List.of(Action.RESUME, Action.CANCEL);
        }
        List<Action> allowed = new ArrayList<>(List.of(Action.PAUSE));
        if (!pausedTables(ledger).isEmpty() || isHalted(ledger)) {
            allowed.add(Action.RESUME);
        }
        allowed.add(Action.CANCEL);
        if (ledger.phase() == Phase.IN_STEP && ledger.captureHalted().isEmpty()) {
            allowed.add(Action.COMPLETE);
        }
        return List.copyOf(allowed);
    }

    private static boolean isHalted(MigrationLedger ledger) {
        return ledger.schemaHalted().isPresent() || ledger.captureHalted().isPresent();
    }

    private static List<TableName> pausedTables(MigrationLedger ledger) {
        return ledger.tables().stream()
                .filter(table -> table.state() == TableState.PAUSED)
                .map(table -> table.spec().name())
                .toList();
    }

    public static Problem notFound(String name) {
        return new Problem(
                ErrorCode.MIGRATION_NOT_FOUND,
                "there is no migration of this name",
                name,
                "'godwit status' lists those that there are");
    }
}
