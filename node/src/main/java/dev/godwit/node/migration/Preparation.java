package dev.godwit.node.migration;

import dev.godwit.node.ledger.AfterFailure;
import dev.godwit.node.lifecycle.MigrationLedger;
import dev.godwit.node.plan.PlanDigest;
import dev.godwit.node.schema.Dumpable;
import dev.godwit.node.schema.LeftOut;
import dev.godwit.node.schema.NotCarried;
import dev.godwit.node.schema.SchemaChoice;
import dev.godwit.node.schema.SchemaDump;
import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.node.shard.BlockingDispatcher;
import dev.godwit.node.source.HeldSnapshot;
import dev.godwit.node.source.SchemaSource;
import dev.godwit.node.source.SourceDatabase;
import dev.godwit.node.target.TargetDatabase;
import dev.godwit.node.target.TargetDatabase.MigrationEntry;
import dev.godwit.protocol.check.Remark;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.error.Retry;
import dev.godwit.protocol.event.StoredMigration.PlannedTable;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/**
 * The blocking steps of a migration beside the copying of its tables: the check, the entry in the target, the search for a
 * lost snapshot, and the end of the schema. One at a time; the answer comes to the actor as a message.
 */
public final class Preparation {
    /** Pause after a step that failed and is tried again. */
    static final Duration PAUSE = Duration.ofSeconds(3);

    private static final Set<ErrorCode> UNREACHABLE =
            EnumSet.of(ErrorCode.SOURCE_UNREACHABLE, ErrorCode.TARGET_UNREACHABLE);

    /** After these the source can still say which tables there are, and the target be asked for each. */
    private static final Set<ErrorCode> OF_SINGLE_TABLES = EnumSet.of(
            ErrorCode.PLAN_NOT_SUPPORTED,
            ErrorCode.NAME_NOT_SUPPORTED,
            ErrorCode.NO_TABLES_MATCH,
            ErrorCode.SOURCE_PRIVILEGE_MISSING,
            ErrorCode.SOURCE_ROW_SECURITY);

    /** After these there is no use in asking the target more. */
    private static final Set<ErrorCode> SHUT = EnumSet.of(
            ErrorCode.SOURCE_IS_TARGET,
            ErrorCode.TARGET_UNREACHABLE,
            ErrorCode.TARGET_LOGIN_REFUSED,
            ErrorCode.TARGET_VERSION,
            ErrorCode.TARGET_POOLER);

    /** Most exports that a search looks at: the latest ones of each node. */
    private static final int EXPORTS_SEARCHED = 50;

    /**
     * @param leftOut what the source has and the target will not have; empty where that could not be asked
     * @param schema who makes the tables; where the plan leaves it open and problems kept it from being decided, it is
     *     {@code tables} for this check
     * @param notes on that choice, and on what no mode carries
     */
    public record Checked(
            List<Problem> problems,
            List<TableSpec> tables,
            String sourceIdentity,
            List<NotCarried> leftOut,
            SchemaChoice schema,
            List<Remark> notes) {}

    /** Outcome of the entry in the target. */
    sealed interface Entered {}

    record Ours() implements Entered {}

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
    private Checked check(Plan plan) {
        Checked checked =
                check(plan, around.databases().source(plan), around.databases().target(plan), around.clientPrograms());
        checked.problems().stream()
                .filter(problem -> UNREACHABLE.contains(problem.code()))
                .findFirst()
                .ifPresent(problem -> {
                    throw new GodwitException(problem);
                });
        return checked;
    }

    /**
     * Looks at both databases; writes nothing.
     *
     * @param open the plan as it was handed in
     * @param programs major versions of the client programs that each node has found, by node
     */
    public static Checked check(
            Plan open, SourceDatabase source, TargetDatabase target, Map<String, Set<Integer>> programs) {
        List<Problem> problems = new ArrayList<>(source.check(open));
        if (problems.stream().anyMatch(problem -> !OF_SINGLE_TABLES.contains(problem.code()))) {
            // The source is not asked on: if it can't be, that would hide what was found.
            problems.addAll(target.check(open.decided(SchemaMode.TABLES), List.of()));
            return new Checked(problems, List.of(), "", List.of(), undecided(open), List.of());
        }
        SchemaChoice choice =
                open.schema() == null ? choice(open, source, target, programs) : SchemaChoice.ofPlan(open);
        Plan plan = open.decided(choice.mode());
        List<TableSpec> tables = source.tables(plan);
        String sourceIdentity = source.identity();
        if (sourceIdentity.equals(target.identity())) {
            problems.add(new Problem(
                    ErrorCode.SOURCE_IS_TARGET,
                    "source and target are the same database",
                    plan.name(),
                    "name another database as target"));
        }
        problems.addAll(target.check(plan, tables));
        List<NotCarried> leftOut = List.of();
        List<Remark> notes = new ArrayList<>(choice.notes(open));
        if (plan.schema().makesTables() && problems.stream().noneMatch(problem -> SHUT.contains(problem.code()))) {
            SchemaPlan schema = source.schema(plan);
            TargetDatabase.Acceptance acceptance = target.accepts(plan, tables, schema);
            leftOut = acceptance.leftOut();
            notes.addAll(schema.rights().notes(plan));
            notes.addAll(LeftOut.notes(leftOut, plan));
            problems.addAll(acceptance.problems());
            problems.addAll(LeftOut.problems(leftOut, plan.leaveOut()));
            if (plan.schema() == SchemaMode.DUMP) {
                problems.addAll(dumpProblems(plan, source.dumpable(), target.restorable(), programs));
            }
        }
        return new Checked(problems, tables, sourceIdentity, leftOut, choice, notes);
    }

    private static SchemaChoice undecided(Plan plan) {
        return SchemaChoice.ofPlan(plan.decided(SchemaMode.TABLES));
    }

    /** Who makes the tables, where the plan leaves it open. */
    private static SchemaChoice choice(
            Plan open, SourceDatabase source, TargetDatabase target, Map<String, Set<Integer>> programs) {
        try {
            return target.entry(open.name())
                    .flatMap(entry -> begunWith(open, entry))
                    .map(SchemaChoice::begun)
                    .orElseGet(() -> SchemaChoice.of(source.dumpable(), target.restorable(), programs));
        } catch (GodwitException e) {
            return undecided(open); // the check of that side tells it
        }
    }

    /** The entry keeps the digest of the plan with the mode that was decided. */
    private static Optional<SchemaMode> begunWith(Plan open, MigrationEntry entry) {
        return Arrays.stream(SchemaMode.values())
                .filter(mode -> PlanDigest.of(open.decided(mode)).equals(entry.planDigest()))
                .findFirst();
    }

    private static List<Problem> dumpProblems(
            Plan plan, Dumpable source, Dumpable target, Map<String, Set<Integer>> programs) {
        List<Problem> problems = new ArrayList<>(source.obstacles());
        problems.addAll(target.obstacles());
        SchemaChoice.unfitNodes(source.major(), target.major(), programs, plan.name())
                .ifPresent(problems::add);
        return problems;
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
                () -> new Migration.EntryEnded(entry.planDigest(), entry.snapshot(), enter(plan, tables, entry)));
    }

    private Entered enter(Plan plan, List<TableSpec> tables, MigrationEntry entry) {
        SourceDatabase source = around.databases().source(plan);
        TargetDatabase target = around.databases().target(plan);
        target.entry(plan.name()).ifPresent(there -> refuseOther(plan, entry, there));
        // Tables first: an entry is made only where the copy can begin.
        target.prepare(plan, tables, schemaOf(source, plan, tables));
        MigrationEntry there = target.enter(entry);
        refuseOther(plan, entry, there);
        if (there.snapshot().equals(entry.snapshot())) {
            return new Ours();
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

    /** The tables that the check has found are the ones that are copied, with these columns and no others. */
    private static void requireAsPlanned(SourceDatabase source, Plan plan, List<TableSpec> planned) {
        Map<TableName, List<ColumnSpec>> changed = columns(planned);
        columns(source.tables(plan)).forEach((table, its) -> {
            if (its.equals(changed.get(table))) {
                changed.remove(table);
            } else {
                changed.put(table, its);
            }
        });
        if (!changed.isEmpty()) {
            throw new GodwitException(
                    ErrorCode.SOURCE_TABLE_CHANGED,
                    changed.size() + " of the source's tables were made, dropped or altered after the check.",
                    changed.keySet().iterator().next().text(),
                    "Hand the plan in again: nothing was copied yet. Leave the source's tables as they are meanwhile.");
        }
    }

    private static Map<TableName, List<ColumnSpec>> columns(List<TableSpec> tables) {
        Map<TableName, List<ColumnSpec>> columns = new TreeMap<>();
        tables.forEach(table -> columns.put(table.name(), table.columns()));
        return columns;
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
