package dev.godwit.node.capture;

import java.util.Set;

/** What a worker is told that is about to read a shard: whether it may, and what its snapshot must see. */
public sealed interface Announcement {
    /**
     * From now on changes on the range are kept until it has landed.
     *
     * @param passedBy 64-bit ids of transactions whose changes are behind us and that are perhaps not visible yet: a
     *     snapshot that is taken after this answer and does not see all of them is to be taken again
     */
    record Accepted(Set<Long> passedBy) implements Announcement {
        public Accepted {
            passedBy = Set.copyOf(passedBy);
        }
    }

    /** The stream has not come to where the target is already. To be asked again soon. */
    record NotYet() implements Announcement {}

    /** The table's changes are not followed any more. */
    record Abandoned() implements Announcement {}

    /** The range is in the target. */
    record AlreadyLanded() implements Announcement {}

    /** Another range that is in flight or has landed holds some of its rows: what we know is not what others know. */
    record Overlaps() implements Announcement {}
}
