package dev.godwit.node.capture;

import java.util.Set;

/** How far a range has come, and so what a change on it means. A range that nobody has announced has no stand: dropped. */
sealed interface Stand {
    /** What is done with one side of a change. */
    enum Verdict {
        /** The rows as they were or will be read hold it, or the target does. */
        DROP,
        /** Not known before the range has landed. */
        KEEP,
        APPLY
    }

    /**
     * @param done whether the target is beyond the change already, in all that has caught up there
     */
    Verdict judge(Committed by, boolean done);

    /** Whether its rows are in the target. */
    default boolean hasLanded() {
        return true;
    }

    /**
     * A worker has it.
     *
     * @param passedBy what its snapshot must see
     */
    record InFlight(Backlog backlog, Set<Long> passedBy) implements Stand {
        @Override
        public Verdict judge(Committed by, boolean done) {
            return Verdict.KEEP;
        }

        @Override
        public boolean hasLanded() {
            return false;
        }
    }

    /** Had landed at the takeover and not caught up: the changes that others have in the target are missing on it. */
    record Behind(Taken taken, Backlog backlog) implements Stand {
        @Override
        public Verdict judge(Committed by, boolean done) {
            return taken.has(by.xid(), by.commitLsn()) ? Verdict.DROP : Verdict.KEEP;
        }
    }

    /** In the target, and the stream may still bring what its snapshot has seen. */
    record Landed(Taken taken) implements Stand {
        @Override
        public Verdict judge(Committed by, boolean done) {
            return done || taken.has(by.xid(), by.commitLsn()) ? Verdict.DROP : Verdict.APPLY;
        }
    }

    /** In the target, and all that its snapshot has seen is behind us. */
    record Settled() implements Stand {
        @Override
        public Verdict judge(Committed by, boolean done) {
            return done ? Verdict.DROP : Verdict.APPLY;
        }
    }

    /** One key that is about to be read by itself, in a snapshot that sees all that is behind us. */
    record Reading() implements Stand {
        @Override
        public Verdict judge(Committed by, boolean done) {
            return Verdict.DROP;
        }

        @Override
        public boolean hasLanded() {
            return false;
        }
    }
}
