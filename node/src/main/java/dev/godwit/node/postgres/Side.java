package dev.godwit.node.postgres;

import dev.godwit.protocol.error.ErrorCode;

/** Which end of a migration a PostgreSQL database is. */
enum Side {
    SOURCE,
    TARGET;

    /** Chooses between the two codes of one kind of failure. */
    ErrorCode pick(ErrorCode atSource, ErrorCode atTarget) {
        return this == SOURCE ? atSource : atTarget;
    }

    /** {@code source} or {@code target}, for sentences. */
    String word() {
        return this == SOURCE ? "source" : "target";
    }
}
