package dev.godwit.node.online;

/**
 * One statement of a transaction.
 *
 * @param undone whether it is certain that a savepoint before it is rolled back to
 */
record Step(Kind kind, String sql, boolean undone) {}
