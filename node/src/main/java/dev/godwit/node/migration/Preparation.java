package dev.godwit.node.migration;

import dev.godwit.node.ledger.AfterFailure;
import dev.godwit.node.lifecycle.MigrationLedger;
import dev.godwit.node.schema.SchemaDump;
import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.node.shard.BlockingDispatcher;
import dev.godwit.node.source.HeldSnapshot;
import dev.godwit.node.source.SchemaSource;
import dev.godwit.node.source.SourceDatabase;
import dev.godwit.node.source.TableChanges;
import dev.godwit.node.target.TargetDatabase;
import dev.godwit.node.target.TargetDatabase.MigrationEntry;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.error.Retry;
import dev.godwit.protocol.event.CaptureSlot;
import dev.godwit.protocol.event.StoredMigration.PlannedTable;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/**
 * The blocking steps of a migration beside the copying of its tables: the check, the entry in the target, the search for a
 * lost snapshot, and the end of the schema. One at a time; the answer comes to the actor as a message.
 */
final class Preparation {
    /** Pause after a step that failed and is tried again. */
    static final Duration PAUSE = Duration.ofSeconds(3);

    private static final Set<ErrorCode> UNREACHABLE =
            EnumSet.of(ErrorCode.SOURCE_UNREACHABLE, ErrorCode.TARGET_UNREACHABLE);

    /** Most exports that a search looks at: the latest ones of each node. */
    private static final int EXPORTS_SEARCHED = 50;

    /** Outcome of the entry in the target. */
    sealed interface Entered {}

    /** @param slot where changes are captured; null where they are not */
    record Ours(CaptureSlot slot) implements Entered {}

    /** Another cluster was first: its snapshot is the one to read. */
    record Adopt(String cluster, String exported, String snapshot) implements Entered {}

    /** Outcome of a search for the snapshot. */
    enum Search {
        HELD,
        LOST,
        UNKNOWN
    }

    private final ActorContext<Migration.Command> context;
    private final Migration.Surroundings around;
    private boolean running;
    private int failures;
    private long notBeforeNanos = System.nanoTime();

    Preparation(ActorContext<Migration.Command> context, Migration.Surroundings around) {
        this.context = context;
        this.around = around;
    }

    void forget() {
        running = false;
    }

    void ended() {
        running = false;
        failures = 0;
    }

    /** @return whether the step will be tried again */
    boolean failed(ErrorCode code) {
        running = false;
        failures++;
        notBeforeNanos = System.nanoTime() + PAUSE.toNanos();
        return code.retry() == Retry.UNTIL_IT_WORKS;
    }

    /** Whether a step that has failed, with this error at last, needs a person. */
    boolean needsAPerson(ErrorCode code) {
        return AfterFailure.of(code, failures, 0) instanceof AfterFailure.PauseTable;
    }

    void check(MigrationLedger ledger) {
        Plan plan = ledger.plan();
        String digest = ledger.planDigest();
        start("check", () -> new Migration.CheckEnded(digest, check(plan)));
    }

    /** A server that can't be reached is waited for: this check fails, and is made again. */
    private MigrationCheck.Checked check(Plan plan) {
        MigrationCheck.Checked checked = MigrationCheck.of(
                plan,
                around.databases().source(plan),
                around.databases().target(plan),
                around.clientPrograms(),
                BlockingDispatcher.of(context.getSystem()));
        checked.problems().stream()
                .filter(problem -> UNREACHABLE.contains(problem.code()))
                .findFirst()
                .ifPresent(problem -> {
                    throw new GodwitException(problem);
                });
        return checked;
    }

    void enter(MigrationLedger ledger) {
        Plan plan = ledger.plan();
        List<TableSpec> tables =
                ledger.tables().stream().map(PlannedTable::spec).toList();
        String exported = ledger.exports().values().stream().findFirst().orElse("");
        MigrationEntry entry = new MigrationEntry(
                plan.name(),
                ledger.planDigest(),
                ledger.sourceIdentity(),
                around.cluster(),
                exported,
                ledger.snapshot().orElse(""));
        start(
                "entry in the target",
                () -> new Migration.EntryEnded(
                        entry.planDigest(), entry.snapshot(), enter(plan, tables, entry, ledger.capture())));
    }

    private Entered enter(Plan plan, List<TableSpec> tables, MigrationEntry entry, Optional<CaptureSlot> known) {
        SourceDatabase source = around.databases().source(plan);
        TargetDatabase target = around.databases().target(plan);
        target.entry(plan.name()).ifPresent(there -> refuseOther(plan, entry, there));
        // Tables first: an entry is made only where the copy can begin.
        target.prepare(plan, tables, schemaOf(source, plan, tables));
        MigrationEntry there = target.enter(entry);
        refuseOther(plan, entry, there);
        if (there.snapshot().equals(entry.snapshot())) {
            // Before a row is read: what is not in the slot has to be in every shard's snapshot.
            return new Ours(
                    plan.consistency() == Consistency.ONLINE
                            ? source.capture(plan).prepare(tables, known)
                            : null);
        }
        try (HeldSnapshot theirs = source.hold(there.exported())) {
            if (!theirs.snapshot().equals(there.snapshot())) {
                throw new GodwitException(
                        ErrorCode.SNAPSHOT_LOST,
                        "the snapshot that the target's migration was begun in is gone: the source was restarted since",
                        "migration " + plan.name(),
                        "give the migration another name and an empty target");
            }
            return new Adopt(there.cluster(), there.exported(), theirs.snapshot());
        }
    }

    /** The migration has ended: the source need not keep anything for it. */
    void dropCapture(MigrationLedger ledger) {
        Plan plan = ledger.plan();
        start("end of the capture", () -> {
            around.databases().source(plan).capture(plan).drop();
            // Nobody else here needs them: they were opened again for this.
            around.databases().close(plan.name());
            return new Migration.CaptureDropped();
        });
    }

    /** The tables that the check has found are the ones that are copied, with these columns and no others. */
    private static void requireAsPlanned(SourceDatabase source, Plan plan, List<TableSpec> planned) {
        TableChanges changes = TableChanges.between(planned, source.tables(plan));
        Set<TableName> changed = new TreeSet<>(changes.changed());
        changed.addAll(changes.added());
        if (!changed.isEmpty()) {
            throw new GodwitException(
                    ErrorCode.SOURCE_TABLE_CHANGED,
                    changed.size() + " of the source's tables were made, dropped or altered after the check.",
                    changed.iterator().next().text(),
                    "Hand the plan in again: nothing was copied yet. Leave the source's tables as they are meanwhile.");
        }
    }

    /** What comes after all tables. */
    void finish(MigrationLedger ledger) {
        Plan plan = ledger.plan();
        start("end of the schema", () -> {
            SourceDatabase source = around.databases().source(plan);
            return new Migration.SchemaEnded(around.databases().target(plan).finish(plan, source::positions));
        });
    }

    private static SchemaSource schemaOf(SourceDatabase source, Plan plan, List<TableSpec> planned) {
        return new SchemaSource() {
            @Override
            public SchemaPlan read() {
                SchemaPlan schema = source.schema(plan);
                requireAsPlanned(source, plan, planned);
                return schema;
            }

            @Override
            public SchemaDump dump(SchemaPlan schema, int targetMajor, int entriesAtOnce) {
                SchemaDump dump = source.dump(plan, schema, targetMajor, entriesAtOnce);
                requireAsPlanned(source, plan, planned);
                return dump;
            }
        };
    }

    private static void refuseOther(Plan plan, MigrationEntry ours, MigrationEntry there) {
        if (!there.sourceIdentity().equals(ours.sourceIdentity())
                || !there.planDigest().equals(ours.planDigest())) {
            throw new GodwitException(
                    ErrorCode.TARGET_OF_ANOTHER_MIGRATION,
                    "the target holds a migration of this name with another "
                            + (there.planDigest().equals(ours.planDigest()) ? "source" : "plan"),
                    "migration " + plan.name(),
                    "give the migration another name and an empty target");
        }
    }

    void search(MigrationLedger ledger) {
        Plan plan = ledger.plan();
        String snapshot = ledger.snapshot().orElseThrow();
        List<String> exports = List.copyOf(ledger.exports().values());
        start(
                "search for the snapshot",
                () -> new Migration.SearchEnded(search(around.databases().source(plan), snapshot, exports)));
    }

    static Search search(SourceDatabase source, String snapshot, List<String> exports) {
        Search result = Search.LOST;
        for (String exported : exports.subList(Math.max(0, exports.size() - EXPORTS_SEARCHED), exports.size())) {
            try (HeldSnapshot held = source.hold(exported)) {
                // A source that was restarted gives out the same names again, for other snapshots.
                if (held.snapshot().equals(snapshot)) {
                    return held.alive() ? Search.HELD : Search.UNKNOWN;
                }
            } catch (GodwitException e) {
                if (e.code() != ErrorCode.SNAPSHOT_LOST) {
                    result = Search.UNKNOWN;
                }
            }
        }
        return result;
    }

    private void start(String step, Supplier<Migration.Command> call) {
        if (running || System.nanoTime() - notBeforeNanos < 0) {
            return;
        }
        running = true;
        context.pipeToSelf(
                CompletableFuture.supplyAsync(call, BlockingDispatcher.of(context.getSystem())),
                (answer, failure) ->
                        failure == null ? answer : new Migration.StepFailed(step, Problem.of(failure, step)));
    }
}
