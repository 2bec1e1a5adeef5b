package dev.godwit.node.postgres;

import dev.godwit.node.capture.Effect;
import dev.godwit.node.capture.JoinedShard;
import dev.godwit.node.capture.Relation;
import dev.godwit.node.postgres.ChangeOrder.Change;
import dev.godwit.node.postgres.ChangeOrder.Kind;
import dev.godwit.node.target.ChangeTarget.Counts;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * What a transaction of the target does for some effects: the statements, as few as the order allows, with all that they
 * send. Made once; immutable then.
 */
final class ChangePlan {
    private static final int ROWS_OF_A_STATEMENT = 2_000;
    private static final long BYTES_OF_A_STATEMENT = 4L << 20;

    /** In the order in which they are done. */
    sealed interface Step {}

    /**
     * One statement, for once or several times.
     *
     * @param place table and kind, for errors
     */
    record Statement(String place, String sql, List<Call> calls) implements Step {}

    /**
     * @param texts of the parameters; null for NULL
     * @param rows that it has to touch
     */
    record Call(String[] texts, int rows) {}

    /** What empties tables or ranges. */
    record Empty(Effect effect) implements Step {}

    /** Finds what the target has for a relation of the stream. */
    interface Relations {
        ChangedRelation of(Relation relation) throws SQLException;
    }

    private final List<Step> steps = new ArrayList<>();
    private final List<CaptureTables.Name> caughtUp = new ArrayList<>(0);
    private final List<JoinedShard> kept = new ArrayList<>(0);
    private final List<Effect.TableHalted> halted = new ArrayList<>(0);
    private long inserted;
    private long updated;
    private long deleted;

    /**
     * @param effects in their order, no {@link Effect.ColumnsAdded} among them; together they may come in another one, wherever it makes no difference
     * @param anew whether an update may delete a row and insert it again where its columns can't be set
     */
    ChangePlan(List<Effect> effects, Relations relations, boolean anew) throws SQLException {
        ChangeOrder order = new ChangeOrder();
        for (Effect effect : effects) {
            if (effect instanceof Effect.CaughtUp shard) {
                caughtUp.add(new CaptureTables.Name(shard.table(), shard.shard()));
            } else if (effect instanceof Effect.KeyLanded row) {
                kept.add(row.shard());
            } else if (effect instanceof Effect.TableHalted table) {
                halted.add(table);
            } else {
                add(order, effect, relations);
            }
        }
        for (ChangeOrder.Step step : order.steps()) {
            if (step instanceof ChangeOrder.Rows rows) {
                steps.add(statement(rows, anew && rows.relation().hasAlwaysIdentity()));
            } else {
                steps.add(new Empty(((ChangeOrder.Empty) step).effect()));
            }
        }
    }

    private static void add(ChangeOrder order, Effect effect, Relations relations) throws SQLException {
        if (effect instanceof Effect.InsertRow insert) {
            if (insert.row().hasUnchanged()) {
                throw new IllegalArgumentException("a row to be inserted needs all values");
            }
            order.insert(relations.of(insert.relation()), insert.row());
        } else if (effect instanceof Effect.UpdateRow update) {
            ChangedRelation relation = relations.of(update.relation());
            if (isWhole(relation, update.whole())) {
                order.whole(relation, Kind.UPDATE, update.old(), update.row());
            } else {
                order.update(relation, update.old(), update.row());
            }
        } else if (effect instanceof Effect.DeleteRow delete) {
            ChangedRelation relation = relations.of(delete.relation());
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
            // A row that is to be read has to be read before, a table that is altered stands between two plans.
            throw new IllegalArgumentException("nothing that a plan can hold");
        }
    }

    private static boolean isWhole(ChangedRelation relation, boolean whole) {
        if (!whole && !relation.hasKey()) {
            throw new IllegalArgumentException("a table without a key needs whole rows");
        }
        return whole;
    }

    private Statement statement(ChangeOrder.Rows rows, boolean anew) {
        List<Change> changes = rows.changes();
        changes.forEach(change -> count(rows.kind(), change));
        String place = Sql.printable(rows.relation().table().name().text()) + ", "
                + rows.kind().word();
        if (rows.whole()) {
            Change change = changes.get(0);
            ChangeStatement statement =
                    ChangeStatement.ofWhole(rows.kind(), rows.relation(), rows.sent(), change.old(), anew);
            return new Statement(place, statement.sql(), List.of(new Call(statement.textsOfWhole(change), 1)));
        }
        ChangeStatement statement = ChangeStatement.of(rows.kind(), rows.relation(), rows.sent(), anew);
        List<Call> calls = new ArrayList<>(1);
        for (List<Change> some : pieces(changes)) {
            calls.add(new Call(statement.texts(some), some.size()));
        }
        return new Statement(place, statement.sql(), calls);
    }

    private void count(Kind kind, Change change) {
        switch (kind) {
            case INSERT -> inserted++;
            case UPDATE -> updated++;
            case DELETE -> deleted++;
        }
        updated += change.updates();
    }

    /** As many as one statement takes each. */
    private static List<List<Change>> pieces(List<Change> changes) {
        List<List<Change>> pieces = new ArrayList<>(1);
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

    List<Step> steps() {
        return steps;
    }

    /** Shards that are in step after it. */
    List<CaptureTables.Name> caughtUp() {
        return caughtUp;
    }

    /** To be kept as landed. */
    List<JoinedShard> kept() {
        return kept;
    }

    /** Tables that are not followed from here on. */
    List<Effect.TableHalted> halted() {
        return halted;
    }

    /** Whether there is something to note beside what is done to rows. */
    boolean hasMarks() {
        return !caughtUp.isEmpty() || !kept.isEmpty() || !halted.isEmpty();
    }

    /** Without rows of what is emptied. */
    Counts counts() {
        return new Counts(inserted, updated, deleted);
    }
}
