package dev.godwit.protocol.check;

/** How much a remark should worry. Neither keeps a migration from running. */
public enum Severity {
    /** Something may go wrong, or be slower than it needs to be: somebody should decide. */
    WARNING,
    /** Good to know; nothing has to be done. */
    NOTE
}
