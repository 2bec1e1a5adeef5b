package dev.godwit.protocol.error;

/** Who has to act on an error. */
public enum Category {
    /** The caller's words: a wrong flag, plan, name or request. Never retried. */
    USER,
    /** The source database or the way to it. */
    SOURCE,
    /** A target database or the way to it. */
    TARGET,
    /** Godwit's own means: the state store, memory, connections, nodes. */
    RESOURCE,
    /** Godwit did something that it should not. */
    BUG
}
