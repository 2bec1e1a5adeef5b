package dev.godwit.ops.view;

/** The form of an answer on standard output. */
public enum Answer {
    /** For people. */
    TEXT,
    /** One JSON document. */
    JSON,
    /** One JSON document per line, as things happen. */
    JSONL;

    @Override
    public String toString() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
