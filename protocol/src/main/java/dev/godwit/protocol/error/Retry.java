package dev.godwit.protocol.error;

/** What is done after an error without asking anybody. */
public enum Retry {
    /** Nothing: the answer would be the same. */
    NEVER,
    /** The table pauses and says why; the others go on; a person resumes it. */
    PAUSE_TABLE,
    /** Tried again a bounded number of times with growing pauses, then the table pauses. */
    BOUNDED,
    /** Tried again with growing pauses, up to a ceiling, until it works or a person stops it. */
    UNTIL_IT_WORKS
}
