package dev.godwit.node.capture;

import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A target that does exactly what it is told, and fails where that does not fit. */
final class ModelTarget {
    static final TableName TABLE = new TableName("public", "t");

    static final TableSpec SPEC = new TableSpec(
            TABLE,
            List.of(new ColumnSpec("id", "integer"), new ColumnSpec("value", "text"), new ColumnSpec("big", "text")),
            List.of("id"),
            false,
            CutMethod.KEY,
            false,
            0,
            0,
            0);

    private final TreeMap<Integer, ModelScript.Row> rows = new TreeMap<>();
    private final TreeMap<String, JoinedShard> landed = new TreeMap<>();
    private Position position = Position.START;

    Map<Integer, ModelScript.Row> rows() {
        return rows;
    }

    Position position() {
        return position;
    }

    List<JoinedShard> landed() {
        return List.copyOf(landed.values());
    }

    boolean hasLanded(String shard) {
        return landed.containsKey(shard);
    }

    boolean hasCaughtUp(String shard) {
        return landed.containsKey(shard) && landed.get(shard).caughtUp();
    }

    JoinedShard landed(String shard) {
        return landed.get(shard);
    }

    void land(JoinedShard shard, Map<Integer, ModelScript.Row> copied) {
        copied.forEach((key, row) -> {
            if (isIn(key, shard.range())) {
                insert(key, row);
            }
        });
        landed.put(shard.shard(), shard);
    }

    private static boolean isIn(int key, ShardRange range) {
        if (range instanceof ShardRange.Keys keys) {
            return (keys.from() == null || key >= Integer.parseInt(keys.from().get(0)))
                    && (keys.to() == null || key < Integer.parseInt(keys.to().get(0)));
        }
        return true;
    }

    private void insert(int key, ModelScript.Row row) {
        if (rows.put(key, row) != null) {
            throw new AssertionError("inserts key " + key + ", which is there");
        }
    }

    private ModelScript.Row remove(int key) {
        ModelScript.Row row = rows.remove(key);
        if (row == null) {
            throw new AssertionError("does not find key " + key);
        }
        return row;
    }

    void apply(List<Effect> effects, Position upTo) {
        if (upTo.compareTo(position) < 0) {
            throw new AssertionError("the position goes back");
        }
        effects.forEach(this::apply);
        position = upTo;
    }

    private void apply(Effect effect) {
        if (effect instanceof Effect.InsertRow insert) {
            insert(key(insert.row()), row(insert.row(), null));
        } else if (effect instanceof Effect.UpdateRow update) {
            ModelScript.Row old = remove(key(update.old()));
            insert(key(update.row()), row(update.row(), old));
        } else if (effect instanceof Effect.DeleteRow delete) {
            remove(key(delete.old()));
        } else if (effect instanceof Effect.EmptyRanges empty) {
            rows.keySet().removeIf(key -> empty.ranges().stream().anyMatch(range -> isIn(key, range)));
        } else if (effect instanceof Effect.EmptyTables) {
            rows.clear();
        } else if (effect instanceof Effect.CaughtUp caughtUp) {
            JoinedShard shard = landed.get(caughtUp.shard());
            if (shard == null || shard.caughtUp()) {
                throw new AssertionError("catches up twice, or before it has landed");
            }
            landed.put(
                    shard.shard(),
                    new JoinedShard(TABLE, shard.shard(), shard.range(), shard.snapshot(), shard.lsn(), true));
        } else if (effect instanceof Effect.KeyLanded row) {
            if (landed.put(row.shard().shard(), row.shard()) != null) {
                throw new AssertionError("a row's shard has the name of another");
            }
        } else {
            throw new AssertionError("nobody has read the row");
        }
    }

    private static int key(Tuple row) {
        return Integer.parseInt(row.text(0));
    }

    private static ModelScript.Row row(Tuple row, ModelScript.Row old) {
        return new ModelScript.Row(row.text(1), row.isUnchanged(2) ? old.big() : row.text(2));
    }

    /** @param mayCrash whether what counts after a crash alone is part of it */
    String state(boolean mayCrash) {
        StringBuilder state = new StringBuilder().append(rows);
        if (mayCrash) {
            state.append(position.commitLsn()).append('.').append(position.changes());
        }
        landed.values().forEach(shard -> {
            state.append(' ').append(shard.shard()).append(shard.snapshot()).append(shard.lsn());
            if (mayCrash) {
                state.append(shard.caughtUp());
            }
        });
        return state.toString();
    }
}
