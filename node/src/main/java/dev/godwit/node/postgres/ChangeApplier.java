package dev.godwit.node.postgres;

import dev.godwit.node.capture.Effect;
import dev.godwit.node.capture.JoinedShard;
import dev.godwit.node.capture.Position;
import dev.godwit.node.capture.Relation;
import dev.godwit.node.postgres.ChangeOrder.Change;
import dev.godwit.node.postgres.ChangeOrder.Kind;
import dev.godwit.node.target.ChangeTarget.Applier;
import dev.godwit.node.target.ChangeTarget.Counts;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Applies changes by as few statements as their order allows. Each statement must touch as many rows as it has changes.
 * Where that fails, or a unique value is in the way, the order may have been the reason, since the stream does not hold
 * the old values of all unique keys: all of it is then done once more, one by one in the order of the stream.
 */
final class ChangeApplier implements Applier {
    private static final int ROWS_OF_A_STATEMENT = 2_000;
    private static final long BYTES_OF_A_STATEMENT = 4L << 20;

    /** The stream describes a table again now and then. */
    private static final int RELATIONS = 10_000;

    private static final String VALUE_IS_TAKEN = "a row is there that has the same value in a unique key.";
    private static final Set<String> UNIQUE_OR_EXCLUSION_VIOLATION = Set.of("23505", "23P01");
    private static final Set<String> NOT_TO_BE_TRUNCATED = Set.of("0A000", "42501", "55006");

    private final ChangeSession session;
    private final String migration;
    private final long epoch;
    private final Map<TableName, TableSpec> tables;
    private final Map<TableName, ChangedTable> changed = new HashMap<>();
    private final Map<Relation, ChangedRelation> relations = new IdentityHashMap<>();
    private boolean broken;
    private volatile boolean cancelled;

    ChangeApplier(ChangeSession session, String migration, long epoch, List<TableSpec> tables) {
        this.session = session;
        this.migration = migration;
        this.epoch = epoch;
        this.tables = tables.stream().collect(Collectors.toMap(TableSpec::name, table -> table));
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

    /** Counts rows, and remembers what is done at the end of the transaction. */
    private static final class Done {
        private long inserted;
        private long updated;
        private long deleted;

        void add(Kind kind, Change change) {
            switch (kind) {
                case INSERT -> inserted++;
                case UPDATE -> updated++;
                case DELETE -> deleted++;
            }
            updated += change.updates();
        }

        Counts counts() {
            return new Counts(inserted, updated, deleted);
        }
    }

    @Override
    public Counts apply(List<Effect> effects, Position upTo) {
        if (broken) {
            throw new IllegalStateException("the session has ended");
        }
        broken = true;
        try {
            Counts counts = applyOrNot(effects, upTo);
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

    private Counts applyOrNot(List<Effect> effects, Position upTo) throws SQLException {
        try {
            return apply(effects, upTo, false);
        } catch (DoesNotFit e) {
            session.connection().rollback();
            // A table may have got an index since.
            changed.clear();
            relations.clear();
        }
        try {
            return apply(effects, upTo, true);
        } catch (DoesNotFit e) {
            session.connection().rollback();
            throw new GodwitException(
                    ErrorCode.CHANGE_DOES_NOT_FIT,
                    "A change of the source does not fit the target's rows: " + e.getMessage(),
                    e.place.isEmpty() ? migration : migration + ", " + e.place,
                    "Look who writes to the target's table.");
        }
    }

    private Counts apply(List<Effect> effects, Position upTo, boolean oneByOne) throws SQLException, DoesNotFit {
        // Without the right to turn them off, what may wait for the transaction's end waits.
        CaptureTables.requireEpoch(
                session.connection(),
                migration,
                epoch,
                session.replica() ? "" : "SET CONSTRAINTS ALL DEFERRED;",
                migration);
        Done done = new Done();
        List<CaptureTables.Name> caughtUp = new ArrayList<>();
        List<JoinedShard> kept = new ArrayList<>();
        ChangeOrder order = new ChangeOrder();
        for (Effect effect : effects) {
            if (effect instanceof Effect.CaughtUp shard) {
                caughtUp.add(new CaptureTables.Name(shard.table(), shard.shard()));
            } else if (effect instanceof Effect.KeyLanded row) {
                kept.add(row.shard());
            } else if (effect instanceof Effect.TableHalted halted) {
                CaptureTables.halt(session.connection(), migration, halted.table(), halted.why());
            } else if (effect instanceof Effect.ColumnsAdded added) {
                execute(order, done, oneByOne);
                order = new ChangeOrder();
                AddedColumns.add(session.connection(), added.table());
                changed.clear();
                relations.clear();
            } else {
                add(order, effect);
                if (oneByOne) {
                    execute(order, done, true);
                    order = new ChangeOrder();
                }
            }
        }
        execute(order, done, oneByOne);
        if (!kept.isEmpty()) {
            CaptureTables.keep(session.connection(), migration, kept, false);
        }
        if (!caughtUp.isEmpty()) {
            CaptureTables.caughtUp(session.connection(), migration, caughtUp);
        }
        CaptureTables.applied(session.connection(), migration, upTo);
        commit();
        return done.counts();
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

    private void add(ChangeOrder order, Effect effect) throws SQLException {
        if (effect instanceof Effect.InsertRow insert) {
            if (insert.row().hasUnchanged()) {
                throw new IllegalArgumentException("a row to be inserted needs all values");
            }
            order.insert(relation(insert.relation()), insert.row());
        } else if (effect instanceof Effect.UpdateRow update) {
            ChangedRelation relation = relation(update.relation());
            if (isWhole(relation, update.whole())) {
                order.whole(relation, Kind.UPDATE, update.old(), update.row());
            } else {
                order.update(relation, update.old(), update.row());
            }
        } else if (effect instanceof Effect.DeleteRow delete) {
            ChangedRelation relation = relation(delete.relation());
            if (isWhole(relation, delete.whole())) {
                order.whole(relation, Kind.DELETE, delete.old(), null);
            } else {
                order.delete(relation, delete.old());
            }
        } else if (effect instanceof Effect.EmptyTables empty) {
            order.empty(empty.tables(), effect);
        } else if (effect instanceof Effect.EmptyRanges empty) {
            order.empty(List.of(empty.table().name()), effect);
        } else {
            throw new IllegalArgumentException("a row that is to be read has to be read before");
        }
    }

    private static boolean isWhole(ChangedRelation relation, boolean whole) {
        if (!whole && !relation.hasKey()) {
            throw new IllegalArgumentException("a table without a key needs whole rows");
        }
        return whole;
    }

    private ChangedRelation relation(Relation relation) throws SQLException {
        ChangedRelation known = relations.get(relation);
        if (known == null) {
            if (relations.size() >= RELATIONS) {
                relations.clear();
            }
            TableSpec table = tables.get(relation.name());
            if (table == null) {
                throw new IllegalArgumentException("a change of a table that is not migrated");
            }
            known = new ChangedRelation(table(relation.name()), relation, table.keyColumns());
            relations.put(relation, known);
        }
        return known;
    }

    private ChangedTable table(TableName name) throws SQLException {
        ChangedTable table = changed.get(name);
        if (table == null) {
            table = ChangedTable.read(session.connection(), name);
            changed.put(name, table);
        }
        return table;
    }

    private void execute(ChangeOrder order, Done done, boolean oneByOne) throws SQLException, DoesNotFit {
        for (ChangeOrder.Step step : order.steps()) {
            if (step instanceof ChangeOrder.Rows rows) {
                execute(rows, done, oneByOne);
            } else if (((ChangeOrder.Empty) step).effect() instanceof Effect.EmptyRanges empty) {
                for (ShardRange range : empty.ranges()) {
                    // As those who cut it and those who judge by it compare keys.
                    done.deleted += delete(empty.table().name(), Sql.predicateByBytes(empty.table(), range));
                }
            } else if (((ChangeOrder.Empty) step).effect() instanceof Effect.EmptyTables empty) {
                empty(empty.tables(), done);
            }
        }
    }

    private long delete(TableName name, String where) throws SQLException {
        // Not to be kept prepared: the text has bounds in it.
        try (PreparedStatement statement = session.connection()
                .prepareStatement("DELETE FROM " + table(name).quoted() + " WHERE " + where)) {
            return statement.executeLargeUpdate();
        }
    }

    /** How many rows it were is told only where they have to be deleted. */
    private void empty(List<TableName> names, Done done) throws SQLException {
        List<String> quoted = new ArrayList<>();
        for (TableName name : names) {
            quoted.add(table(name).quoted());
        }
        Savepoint before = session.connection().setSavepoint();
        try {
            session.execute("TRUNCATE " + String.join(",", quoted));
        } catch (SQLException e) {
            if (!NOT_TO_BE_TRUNCATED.contains(String.valueOf(e.getSQLState()))) {
                throw e;
            }
            session.connection().rollback(before);
            for (TableName name : names) {
                done.deleted += delete(name, "true");
            }
        }
    }

    private void execute(ChangeOrder.Rows rows, Done done, boolean oneByOne) throws SQLException, DoesNotFit {
        boolean anew = oneByOne && rows.relation().hasAlwaysIdentity();
        ChangeStatement statement = rows.whole()
                ? ChangeStatement.ofWhole(
                        rows.kind(),
                        rows.relation(),
                        rows.sent(),
                        rows.changes().get(0).old(),
                        anew)
                : ChangeStatement.of(rows.kind(), rows.relation(), rows.sent(), anew);
        // The driver keeps it prepared for the next time.
        try (PreparedStatement prepared = session.connection().prepareStatement(statement.sql())) {
            for (List<Change> some : pieces(rows.changes())) {
                if (rows.whole()) {
                    statement.bindWhole(prepared, some.get(0));
                } else {
                    statement.bind(prepared, some);
                }
                execute(prepared, rows, some.size());
                some.forEach(change -> done.add(rows.kind(), change));
            }
        }
    }

    /** As many as one statement takes each. */
    private static List<List<Change>> pieces(List<Change> changes) {
        List<List<Change>> pieces = new ArrayList<>();
        int from = 0;
        long bytes = 0;
        for (int to = 0; to < changes.size(); to++) {
            if (to - from == ROWS_OF_A_STATEMENT || to > from && bytes > BYTES_OF_A_STATEMENT) {
                pieces.add(changes.subList(from, to));
                from = to;
                bytes = 0;
            }
            bytes += changes.get(to).bytes();
        }
        pieces.add(changes.subList(from, changes.size()));
        return pieces;
    }

    private static void execute(PreparedStatement prepared, ChangeOrder.Rows rows, int changes)
            throws SQLException, DoesNotFit {
        String place = Sql.printable(rows.relation().table().name().text()) + ", "
                + rows.kind().word();
        int touched;
        try {
            touched = prepared.executeUpdate();
        } catch (SQLException e) {
            if (UNIQUE_OR_EXCLUSION_VIOLATION.contains(String.valueOf(e.getSQLState()))) {
                throw new DoesNotFit(place, VALUE_IS_TAKEN);
            }
            throw e;
        }
        if (touched != changes) {
            throw new DoesNotFit(place, "of " + changes + " rows that it needs " + touched + " are there.");
        }
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
