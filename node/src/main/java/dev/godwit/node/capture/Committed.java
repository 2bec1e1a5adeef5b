package dev.godwit.node.capture;

/**
 * The transaction that made a change.
 *
 * @param xid 64-bit id of the top-level transaction
 * @param commitLsn where its commit record begins
 */
record Committed(long xid, long commitLsn) {}
