package dev.godwit.node.migration;

import dev.godwit.node.plan.PlanDigest;
import dev.godwit.node.schema.Dumpable;
import dev.godwit.node.schema.LeftOut;
import dev.godwit.node.schema.NotCarried;
import dev.godwit.node.schema.SchemaChoice;
import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.node.source.SourceDatabase;
import dev.godwit.node.target.TargetDatabase;
import dev.godwit.node.target.TargetDatabase.MigrationEntry;
import dev.godwit.protocol.check.Remark;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.TableSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** The check of a plan: looks at both databases and says what keeps it from running. Writes nothing. */
public final class MigrationCheck {
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

    private MigrationCheck() {}

    /**
     * What a check has found.
     *
     * @param problems that keep the plan from running; none if it may run
     * @param tables that are copied; empty where the problems kept the source from being asked
     * @param sourceIdentity tells the source from other databases; empty as the tables are
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

    /**
     * Checks a plan.
     *
     * @param open the plan as it was handed in
     * @param programs major versions of the client programs that each node has found, by node
     * @param beside runs what may be asked beside something else: catalogs of many tables take seconds
     */
    public static Checked of(
            Plan open,
            SourceDatabase source,
            TargetDatabase target,
            Map<String, Set<Integer>> programs,
            Executor beside) {
        List<Problem> problems = new ArrayList<>(source.check(open));
        if (problems.stream().anyMatch(problem -> !OF_SINGLE_TABLES.contains(problem.code()))) {
            // The source is not asked on: if it can't be, that would hide what was found.
            problems.addAll(target.check(open.decided(SchemaMode.TABLES), List.of()));
            return new Checked(problems, List.of(), "", List.of(), undecided(open), List.of());
        }
        SchemaChoice choice =
                open.schema() == null ? choice(open, source, target, programs) : SchemaChoice.ofPlan(open);
        Plan plan = open.decided(choice.mode());
        CompletableFuture<SchemaPlan> read = plan.schema().makesTables()
                ? CompletableFuture.supplyAsync(() -> source.schema(plan), beside)
                : CompletableFuture.completedFuture(null);
        List<TableSpec> tables = tables(source, plan, read);
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
            SchemaPlan schema = read(read, () -> source.schema(plan));
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

    /** A node's share may be one session: then one waits for the other. */
    private static List<TableSpec> tables(SourceDatabase source, Plan plan, CompletableFuture<SchemaPlan> beside) {
        try {
            return source.tables(plan);
        } catch (GodwitException e) {
            if (e.code() != ErrorCode.SOURCE_CONNECTIONS) {
                throw e;
            }
            beside.exceptionally(failed -> null).join();
            return source.tables(plan);
        }
    }

    private static SchemaPlan read(CompletableFuture<SchemaPlan> schema, Supplier<SchemaPlan> again) {
        try {
            return schema.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof GodwitException known && known.code() == ErrorCode.SOURCE_CONNECTIONS) {
                return again.get();
            }
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
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
}
