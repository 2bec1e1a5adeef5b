package dev.godwit.node.capture;

import java.util.List;

/** What the stream tells, in its order: a transaction's Begin, its changes, its Commit; nothing of another in between. */
public sealed interface StreamMessage {
    /**
     * @param xid 32 bits of the top-level transaction's id
     * @param commitLsn where its commit record begins
     * @param commitMicros when it committed by the source's clock, microseconds since 1970
     */
    record Begin(long xid, long commitLsn, long commitMicros) implements StreamMessage {}

    /** @param endLsn the first byte after the commit record */
    record Commit(long commitLsn, long endLsn) implements StreamMessage {}

    /** The transaction was applied at the source by a replication of this name: it was not made there. */
    record Origin(String name) implements StreamMessage {}

    /** A message that changes rows: what {@link Position#changes} counts. */
    sealed interface Change extends StreamMessage {
        /** Bytes of memory that it takes, about. */
        long bytes();
    }

    record Insert(Relation relation, Tuple row) implements Change {
        @Override
        public long bytes() {
            return row.bytes();
        }
    }

    /**
     * @param old what was before: with identity FULL the whole row, else values of the identity's columns alone, all others
     *     being NULL without meaning it; null where the identity has not changed and is not FULL
     * @param row what is now
     */
    record Update(Relation relation, Tuple old, Tuple row) implements Change {
        @Override
        public long bytes() {
            return row.bytes() + (old == null ? 0 : old.bytes());
        }
    }

    /** @param old as with {@link Update}, never null */
    record Delete(Relation relation, Tuple old) implements Change {
        @Override
        public long bytes() {
            return old.bytes();
        }
    }

    record Truncate(List<Relation> relations, boolean restartIdentity) implements Change {
        public Truncate {
            relations = List.copyOf(relations);
        }

        @Override
        public long bytes() {
            return 64;
        }
    }

    /**
     * Nothing that concerns us was committed before this place that has not been sent.
     *
     * @param lsn end of what the source has read of its log
     */
    record KeepAlive(long lsn) implements StreamMessage {}
}
