package dev.godwit.node.postgres;

import dev.godwit.node.capture.Effect;
import dev.godwit.node.capture.JoinedShard;
import dev.godwit.node.capture.Position;
import dev.godwit.node.target.ChangeTarget.Applier;
import dev.godwit.node.target.ChangeTarget.Counts;
import dev.godwit.node.target.ChangeTarget.Durability;
import dev.godwit.node.target.ChangeTarget.Prepared;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.postgresql.jdbc.StatementGroup;

/**
 * Applies changes by as few statements as their order allows, sent together. Each statement must touch as many rows as it has changes.
 * Where that fails, or a unique value is in the way, the order may have been the reason, since the stream does not hold
 * the old values of all unique keys: all of it is then done once more, one by one in the order of the stream.
 */
final class ChangeApplier implements Applier {
    private static final String VALUE_IS_TAKEN = "a row is there that has the same value in a unique key.";
    private static final Set<String> UNIQUE_OR_EXCLUSION_VIOLATION = Set.of("23505", "23P01");
    private static final Set<String> NOT_TO_BE_TRUNCATED = Set.of("0A000", "42501", "55006");

    private final ChangeSession session;
    private final String migration;
    private final long epoch;
    private final ChangedRelations relations;
    private boolean broken;
    private volatile boolean cancelled;

    /** Statements of the open transaction that have not been sent, and what they need. */
    private StatementGroup group;

    private final List<Sent> sent = new ArrayList<>();

    /** @param rows that it has to touch */
    private record Sent(String place, int rows) {}

    ChangeApplier(ChangeSession session, String migration, long epoch, List<TableSpec> tables) {
        this.session = session;
        this.migration = migration;
        this.epoch = epoch;
        this.relations = new ChangedRelations(tables);
    }

    /** @param plan null where a table has to be read or altered first, which only the session can */
    private record Planned(List<Effect> effects, ChangePlan plan) implements Prepared {}

    /** A table is not known yet. */
    private static final class NotKnown extends RuntimeException {
        private static final long serialVersionUID = 1;

        NotKnown() {
            super("a table is not known yet", null, false, false);
        }
    }

    /** A statement has touched other rows than it has changes. */
    private static final class DoesNotFit extends Exception {
        private static final long serialVersionUID = 1;

        private final String place;

        /** @param place table and kind; empty if that is not known */
        DoesNotFit(String place, String message) {
            super(message, null, false, false);
            this.place = place;
        }
    }

    @Override
    public Prepared prepare(List<Effect> effects) {
        if (effects.stream().anyMatch(Effect.ColumnsAdded.class::isInstance)) {
            return new Planned(effects, null);
        }
        try {
            return new Planned(
                    effects,
                    new ChangePlan(
                            effects, relation -> relations.known(relation).orElseThrow(NotKnown::new), false));
        } catch (NotKnown e) {
            return new Planned(effects, null);
        } catch (SQLException e) {
            throw new IllegalStateException("the target was asked", e);
        }
    }

    private ChangePlan plan(List<Effect> effects, boolean anew) throws SQLException {
        return new ChangePlan(effects, relation -> relations.read(session.connection(), relation), anew);
    }

    @Override
    public Counts apply(Prepared prepared, Position upTo, Durability durability) {
        if (broken) {
            throw new IllegalStateException("the session has ended");
        }
        broken = true;
        try {
            Counts counts = applyOrNot((Planned) prepared, upTo, durability);
            broken = false;
            return counts;
        } catch (SQLException e) {
            if (cancelled) {
                throw new GodwitException(
                        ErrorCode.TARGET_UNREACHABLE, "The session was ended from this node.", migration, "");
            }
            throw PostgresErrors.translate(e, Side.TARGET, migration);
        }
    }

    private Counts applyOrNot(Planned planned, Position upTo, Durability durability) throws SQLException {
        try {
            begin(durability);
            List<ChangePlan> plans = new ArrayList<>();
            Counts counts;
            if (planned.plan() == null) {
                counts = execute(planned.effects(), false, plans);
            } else {
                plans.add(planned.plan());
                counts = execute(planned.plan());
            }
            end(plans, upTo);
            return counts;
        } catch (DoesNotFit e) {
            session.connection().rollback();
            relations.forget();
        }
        try {
            return oneByOne(planned.effects(), upTo, durability);
        } catch (DoesNotFit e) {
            session.connection().rollback();
            throw new GodwitException(
                    ErrorCode.CHANGE_DOES_NOT_FIT,
                    "A change of the source does not fit the target's rows: " + e.getMessage(),
                    e.place.isEmpty() ? migration : migration + ", " + e.place,
                    "Look who writes to the target's table.");
        }
    }

    private Counts oneByOne(List<Effect> effects, Position upTo, Durability durability)
            throws SQLException, DoesNotFit {
        begin(durability);
        List<ChangePlan> plans = new ArrayList<>();
        Counts counts = execute(effects, true, plans);
        end(plans, upTo);
        return counts;
    }

    /** Plans and does them part by part: what comes behind an alteration of a table can be planned only after it. */
    private Counts execute(List<Effect> effects, boolean oneByOne, List<ChangePlan> plans)
            throws SQLException, DoesNotFit {
        Counts counts = new Counts(0, 0, 0);
        int from = 0;
        for (int to = 0; to < effects.size(); to++) {
            if (effects.get(to) instanceof Effect.ColumnsAdded added) {
                counts = counts.plus(executePart(effects.subList(from, to), oneByOne, plans));
                executeGroup();
                AddedColumns.add(session.connection(), added.table());
                relations.forget();
                from = to + 1;
            } else if (oneByOne) {
                counts = counts.plus(executePart(effects.subList(from, to + 1), true, plans));
                from = to + 1;
            }
        }
        return counts.plus(executePart(effects.subList(from, effects.size()), oneByOne, plans));
    }

    private Counts executePart(List<Effect> effects, boolean oneByOne, List<ChangePlan> plans)
            throws SQLException, DoesNotFit {
        ChangePlan plan = plan(effects, oneByOne);
        if (plan.hasMarks()) {
            plans.add(plan);
        }
        return execute(plan);
    }

    private void begin(Durability durability) throws SQLException {
        group = new StatementGroup(session.connection());
        sent.clear();
        String settings = switch (durability) {
            case NOW -> "";
            case WITH_LATER -> "SET LOCAL synchronous_commit = off;";
        };
        // Without the right to turn them off, what may wait for the transaction's end waits.
        CaptureTables.requireEpoch(
                session.connection(),
                migration,
                epoch,
                settings + (session.replica() ? "" : "SET CONSTRAINTS ALL DEFERRED;"),
                migration);
    }

    private void end(List<ChangePlan> plans, Position upTo) throws SQLException, DoesNotFit {
        CaptureTables.applied(group, migration, upTo);
        executeGroup();
        List<JoinedShard> kept =
                plans.stream().flatMap(plan -> plan.kept().stream()).toList();
        if (!kept.isEmpty()) {
            CaptureTables.keep(session.connection(), migration, kept, false);
        }
        List<CaptureTables.Name> caughtUp =
                plans.stream().flatMap(plan -> plan.caughtUp().stream()).toList();
        if (!caughtUp.isEmpty()) {
            CaptureTables.caughtUp(session.connection(), migration, caughtUp);
        }
        for (ChangePlan plan : plans) {
            for (Effect.TableHalted halted : plan.halted()) {
                CaptureTables.halt(session.connection(), migration, halted.table(), halted.why());
            }
        }
        commit();
    }

    /** Constraints that were deferred speak here. */
    private void commit() throws SQLException, DoesNotFit {
        try {
            session.connection().commit();
        } catch (SQLException e) {
            if (UNIQUE_OR_EXCLUSION_VIOLATION.contains(String.valueOf(e.getSQLState()))) {
                throw new DoesNotFit("", VALUE_IS_TAKEN);
            }
            throw e;
        }
    }

    /** Sends its statements, or lets them wait for the others of the transaction. */
    private Counts execute(ChangePlan plan) throws SQLException, DoesNotFit {
        long emptied = 0;
        for (ChangePlan.Step step : plan.steps()) {
            if (step instanceof ChangePlan.Statement statement) {
                for (ChangePlan.Call call : statement.calls()) {
                    group.add(statement.sql(), call.texts());
                    sent.add(new Sent(statement.place(), call.rows()));
                }
            } else {
                executeGroup();
                emptied += empty(((ChangePlan.Empty) step).effect());
            }
        }
        return plan.counts().plus(new Counts(0, 0, emptied));
    }

    private void executeGroup() throws SQLException, DoesNotFit {
        try {
            group.execute();
            requireFit();
        } catch (SQLException e) {
            requireFit(); // what came before it may be the reason
            int failed = group.touched().size();
            if (failed < sent.size() && UNIQUE_OR_EXCLUSION_VIOLATION.contains(String.valueOf(e.getSQLState()))) {
                throw new DoesNotFit(sent.get(failed).place(), VALUE_IS_TAKEN);
            }
            throw e;
        } finally {
            sent.clear();
        }
    }

    private void requireFit() throws DoesNotFit {
        for (int i = 0; i < Math.min(sent.size(), group.touched().size()); i++) {
            long touched = group.touched().get(i);
            if (touched != sent.get(i).rows()) {
                throw new DoesNotFit(
                        sent.get(i).place(),
                        "of " + sent.get(i).rows() + " rows that it needs " + touched + " are there.");
            }
        }
    }

    /** Answers how many rows it were; 0 where they need not be deleted. */
    private long empty(Effect effect) throws SQLException {
        if (effect instanceof Effect.EmptyTables empty) {
            return empty(empty.tables());
        }
        Effect.EmptyRanges empty = (Effect.EmptyRanges) effect;
        long rows = 0;
        for (ShardRange range : empty.ranges()) {
            // As those who cut it and those who judge by it compare keys.
            rows += delete(empty.table().name(), Sql.predicateByBytes(empty.table(), range));
        }
        return rows;
    }

    private long empty(List<TableName> names) throws SQLException {
        List<String> quoted = new ArrayList<>();
        for (TableName name : names) {
            quoted.add(quoted(name));
        }
        Savepoint before = session.connection().setSavepoint();
        try {
            session.execute("TRUNCATE " + String.join(",", quoted));
            return 0;
        } catch (SQLException e) {
            if (!NOT_TO_BE_TRUNCATED.contains(String.valueOf(e.getSQLState()))) {
                throw e;
            }
            session.connection().rollback(before);
        }
        long rows = 0;
        for (TableName name : names) {
            rows += delete(name, "true");
        }
        return rows;
    }

    private long delete(TableName name, String where) throws SQLException {
        // Not to be kept prepared: the text has bounds in it.
        try (PreparedStatement statement =
                session.connection().prepareStatement("DELETE FROM " + quoted(name) + " WHERE " + where)) {
            return statement.executeLargeUpdate();
        }
    }

    private String quoted(TableName name) throws SQLException {
        return relations.table(session.connection(), name).quoted();
    }

    @Override
    public void cancel() {
        cancelled = true;
        session.cancel();
    }

    @Override
    public void close() {
        session.close();
    }
}
