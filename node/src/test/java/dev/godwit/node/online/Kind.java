package dev.godwit.node.online;

/** What a statement of the load does. Each touches a row, or none where there is no such row at that moment. */
enum Kind {
    INSERT(25),
    UPDATE(35),
    /** The key becomes the next one. */
    MOVE(5),
    /** The key becomes one of anywhere, most likely in another shard. */
    MOVE_FAR(7),
    DELETE(17),
    /** After a delete of that key in the same transaction. */
    REINSERT(5),
    /** Many rows at once. */
    BULK(2),
    /** Unique values of two rows change places. */
    SWAP(12),
    /** Rows are locked and not changed. */
    LOCK(3),
    /** Something else than a change is written to the log. */
    MESSAGE(1),
    // These are not drawn with the others: a transaction has them for reasons of its own.
    TRUNCATE(0),
    SAVEPOINT(0),
    ROLLBACK_TO(0),
    RELEASE(0),
    REST(0);

    private final int weight;

    Kind(int weight) {
        this.weight = weight;
    }

    /** How often it is drawn, among those that a table has. */
    int weight() {
        return weight;
    }
}
