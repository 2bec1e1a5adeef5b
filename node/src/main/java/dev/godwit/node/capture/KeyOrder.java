package dev.godwit.node.capture;

import dev.godwit.protocol.table.TableSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * The order of one table's keys, exactly as the source has it: column by column, as a row comparison does. Values are texts
 * as sessions with datestyle {@code ISO, YMD} and time zone UTC print them. Immutable.
 */
public final class KeyOrder {
    private final List<KeyType> types;

    private KeyOrder(List<KeyType> types) {
        this.types = types;
    }

    /**
     * Whether keys of this type can be put in order here as the source does.
     *
     * @param type as {@code format_type} prints it; a domain's name is not that of its type, and is not known
     * @param byBytes of text types alone: whether they are compared by the bytes of UTF-8, that is with collation C or
     *     POSIX in a database whose encoding is UTF-8
     */
    public static boolean canCompare(String type, boolean byBytes) {
        return KeyType.of(type).map(known -> known != KeyType.TEXT || byBytes).orElse(false);
    }

    /**
     * The order of this table's keys, of which {@link #canCompare} has been found true.
     *
     * @throws IllegalArgumentException if it is not known, or the table has no key
     */
    public static KeyOrder of(TableSpec table) {
        List<KeyType> types = new ArrayList<>();
        for (String column : table.keyColumns()) {
            types.add(KeyType.of(table.typeOf(column))
                    .orElseThrow(() -> new IllegalArgumentException("keys of this type have no order here")));
        }
        if (types.isEmpty()) {
            throw new IllegalArgumentException("the table has no key");
        }
        return new KeyOrder(types);
    }

    /**
     * @param texts one per column, none of them null
     * @throws IllegalArgumentException if these are not values of the key's types; without the values
     */
    Key key(List<String> texts) {
        if (texts.size() != types.size()) {
            throw new IllegalArgumentException("a key has one value per key column");
        }
        Comparable<?>[] values = new Comparable<?>[texts.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = parsed(types.get(i), texts.get(i));
        }
        return new Key(texts, values);
    }

    private static Comparable<?> parsed(KeyType type, String text) {
        try {
            return type.parse(text);
        } catch (NumberFormatException e) {
            // Its message holds the value.
            throw new IllegalArgumentException("not a number");
        }
    }
}
