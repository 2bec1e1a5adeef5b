package dev.godwit.node.capture;

import java.util.HashSet;
import java.util.Set;

/** What a snapshot sees, by its text {@code xmin:xmax:xip,xip,…}; ids have 64 bits. Immutable. */
public final class Visibility {
    private final long xmin;
    private final long xmax;
    private final Set<Long> inProgress;

    private Visibility(long xmin, long xmax, Set<Long> inProgress) {
        this.xmin = xmin;
        this.xmax = xmax;
        this.inProgress = inProgress;
    }

    /** @throws IllegalArgumentException if that is not a snapshot's text */
    public static Visibility of(String snapshot) {
        String[] parts = snapshot.split(":", -1);
        if (parts.length != 3) {
            throw new IllegalArgumentException("not a snapshot");
        }
        Set<Long> inProgress = new HashSet<>();
        if (!parts[2].isEmpty()) {
            for (String xid : parts[2].split(",")) {
                inProgress.add(Long.parseUnsignedLong(xid));
            }
        }
        return new Visibility(Long.parseUnsignedLong(parts[0]), Long.parseUnsignedLong(parts[1]), inProgress);
    }

    /** Whether the transaction had ended when the snapshot was taken: what it committed is seen. */
    public boolean sees(long xid) {
        return xid < xmin || xid < xmax && !inProgress.contains(xid);
    }

    /** One more than the last id that had ended: ids from here on may be given out already, and are not seen. */
    public long xmax() {
        return xmax;
    }

    /** Those below {@link #xmax} that had not ended. */
    public Set<Long> inProgress() {
        return Set.copyOf(inProgress);
    }
}
