package dev.godwit.node.schema;

import java.util.Locale;

/**
 * Something that the target must have already, since it is not carried.
 *
 * @param name as the server prints it, qualified and quoted; of an extension its plain name
 */
public record Need(Kind kind, String name) {
    /** For messages. */
    public String text() {
        return kind.name().toLowerCase(Locale.ROOT).replace('_', ' ') + ' ' + name;
    }

    /** What it is. */
    public enum Kind {
        EXTENSION,
        TYPE,
        COLLATION,
        FUNCTION,
        OPERATOR,
        OPERATOR_CLASS,
        TEXT_SEARCH_CONFIGURATION,
        TEXT_SEARCH_DICTIONARY,
        RELATION,

        /** Whether the target has it is not looked at: making what needs it shows. */
        OTHER
    }
}
