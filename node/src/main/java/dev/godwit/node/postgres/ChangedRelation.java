package dev.godwit.node.postgres;

import dev.godwit.node.capture.Relation;
import dev.godwit.node.capture.Tuple;
import dev.godwit.node.postgres.ChangedTable.Column;
import dev.godwit.node.postgres.ChangedTable.Equality;
import dev.godwit.node.postgres.ChangedTable.UniqueKey;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** A relation of the stream beside the target's table: where the stream's tuples have what the target's columns take. */
final class ChangedRelation {
    private static final long BASIS = 0xcbf29ce484222325L;
    private static final long PRIME = 0x100000001b3L;

    private final ChangedTable table;
    private final boolean knowsOld;
    private final List<Column> columns;
    private final UniqueKey key;
    private final int[] keyPlaces;
    private final BitSet all = new BitSet();
    private final BitSet allButKey;

    /** Each with its places; the key is not among them. */
    private final List<UniqueKey> others = new ArrayList<>();

    private final List<int[]> otherPlaces = new ArrayList<>();

    /**
     * @param keyColumns by which its rows are found; empty if it has no key
     * @throws GodwitException with TARGET_COLUMN_MISSING or TARGET_OBJECT_MISSING
     */
    ChangedRelation(ChangedTable table, Relation relation, List<String> keyColumns) {
        this.table = table;
        this.knowsOld = relation.identity() == Relation.Identity.FULL;
        this.columns = relation.columns().stream()
                .map(column -> column(table, column.name()))
                .toList();
        this.key = keyColumns.isEmpty() ? null : table.keyOf(keyColumns);
        this.keyPlaces = key == null ? new int[0] : relation.places(key.columns());
        this.all.set(0, columns.size());
        this.allButKey = butKey(all);
        List<String> names = columns.stream().map(Column::name).toList();
        for (UniqueKey other : table.uniqueKeys()) {
            if (other != key && names.containsAll(other.columns())) {
                others.add(other);
                otherPlaces.add(relation.places(other.columns()));
            }
        }
    }

    private static Column column(ChangedTable table, String name) {
        Column column = table.columns().get(name);
        if (column == null) {
            throw new GodwitException(
                    ErrorCode.TARGET_COLUMN_MISSING,
                    "The target's table has no column " + Sql.printable(name) + ", and changes have values for it.",
                    Sql.printable(table.name().text()),
                    "Give both tables the same columns again.");
        }
        return column;
    }

    ChangedTable table() {
        return table;
    }

    /** In the order of the stream's tuples. */
    List<Column> columns() {
        return columns;
    }

    /** Whether old tuples hold all values, and not the key's alone. */
    boolean knowsOld() {
        return knowsOld;
    }

    /** Whether there are columns that no update may set. */
    boolean hasAlwaysIdentity() {
        return columns.stream().anyMatch(Column::alwaysIdentity);
    }

    boolean hasKey() {
        return key != null;
    }

    /** Places of all columns; not to be changed. */
    BitSet all() {
        return all;
    }

    /** As {@link #butKey} makes it of all columns; not to be changed. */
    BitSet allButKey() {
        return allButKey;
    }

    /** These places without the key's; all of them where no others are among them. */
    BitSet butKey(BitSet places) {
        BitSet others = (BitSet) places.clone();
        for (int place : keyPlaces) {
            others.clear(place);
        }
        return others.isEmpty() ? places : others;
    }

    /** Places of the key's columns in a tuple, in the order of its index. */
    int[] keyPlaces() {
        return keyPlaces;
    }

    /** Of the key's column at this place in the order of its index. */
    String keyOperator(int place) {
        return key.operators().get(place);
    }

    /** Whether both have the same texts in the key; one that the second does not hold has not changed. */
    boolean isSameKey(Tuple old, Tuple row) {
        return isUnchanged(keyPlaces, old, row);
    }

    /** Whether the second has the same texts as the first in every unique key, or does not hold them. */
    boolean leavesKeys(Tuple before, Tuple row) {
        return isUnchanged(keyPlaces, before, row)
                && otherPlaces.stream().allMatch(places -> isUnchanged(places, before, row));
    }

    private static boolean isUnchanged(int[] places, Tuple before, Tuple row) {
        for (int place : places) {
            if (!row.isUnchanged(place)
                    && (before.isUnchanged(place) || !Arrays.equals(before.value(place), row.value(place)))) {
                return false;
            }
        }
        return true;
    }

    /** Stands for the row of this key: equal for equal keys, and hardly ever for others. */
    long fingerprint(Tuple tuple) {
        return fingerprint(0, keyPlaces, tuple);
    }

    /** Of the values that the tuple has in the other unique keys: NULLs meet nothing, and what it does not hold is not known. */
    List<Long> otherFingerprints(Tuple tuple) {
        List<Long> all = new ArrayList<>(others.size());
        for (int i = 0; i < others.size(); i++) {
            boolean nullsAreEqual = others.get(i).nullsAreEqual();
            int[] places = otherPlaces.get(i);
            if (Arrays.stream(places)
                    .noneMatch(place -> tuple.isUnchanged(place) || !nullsAreEqual && tuple.isNull(place))) {
                all.add(fingerprint(i + 1, places, tuple));
            }
        }
        return all;
    }

    private long fingerprint(int which, int[] places, Tuple tuple) {
        long hash = (BASIS ^ which) * PRIME;
        for (int place : places) {
            hash = (hash ^ 0xff) * PRIME;
            byte[] value = normal(columns.get(place).equality(), tuple, place);
            for (byte b : value) {
                hash = (hash ^ (b & 0xff)) * PRIME;
            }
        }
        return hash ^ hash >>> 32;
    }

    /** The same bytes for equal values; for types of which that is not known, for all values. */
    private static byte[] normal(Equality equality, Tuple tuple, int place) {
        if (tuple.isNull(place) || tuple.isUnchanged(place)) {
            return new byte[0];
        }
        return switch (equality) {
            case SAME_TEXT -> tuple.value(place);
            case SAME_NUMBER -> number(tuple.text(place)).getBytes(StandardCharsets.US_ASCII);
            case SAME_BUT_BLANKS -> tuple.text(place).replaceFirst(" +$", "").getBytes(StandardCharsets.UTF_8);
            case UNKNOWN -> new byte[0];
        };
    }

    private static String number(String text) {
        try {
            BigDecimal number = new BigDecimal(text);
            return number.signum() == 0 ? "0" : number.stripTrailingZeros().toString();
        } catch (NumberFormatException e) {
            return text; // NaN or an infinity
        }
    }
}
