package dev.godwit.protocol.status;

/** Whether a migration really moves. */
public enum Health {
    /** There is a fresh durable checkpoint, or work has just begun. */
    RUNNING,
    /** It moves, but something needs a person: a table is paused, a node was lost. */
    DEGRADED,
    /** It should move and no checkpoint became durable lately. */
    STALLED,
    /** It is not meant to move: paused, ended, or not yet begun. */
    IDLE
}
