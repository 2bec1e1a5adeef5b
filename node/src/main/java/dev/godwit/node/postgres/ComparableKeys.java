package dev.godwit.node.postgres;

import java.util.Set;
import java.util.regex.Pattern;

/** Which keys can be put in order outside of the source exactly as it does: the join asks in which range a key lies. */
final class ComparableKeys {
    private static final Set<String> TYPES = Set.of("smallint", "integer", "bigint", "uuid", "date");
    private static final Pattern NUMERIC = Pattern.compile("numeric(\\(\\d+,-?\\d+\\))?");
    private static final Pattern TEXT = Pattern.compile("text|character varying(\\(\\d+\\))?");

    private ComparableKeys() {}

    /**
     * @param type as {@code format_type} prints it
     * @param byBytes of text types: whether they are compared by the bytes of UTF-8
     */
    static boolean canCompare(String type, boolean byBytes) {
        return TYPES.contains(type)
                || NUMERIC.matcher(type).matches()
                || byBytes && TEXT.matcher(type).matches();
    }
}
