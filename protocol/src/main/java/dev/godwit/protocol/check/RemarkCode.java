package dev.godwit.protocol.check;

import static dev.godwit.protocol.check.Severity.NOTE;
import static dev.godwit.protocol.check.Severity.WARNING;

/**
 * The catalogue of what a check remarks. As with errors, a code is never renamed and never used for something else; no
 * code is in both catalogues.
 */
public enum RemarkCode {
    CHECK_INCOMPLETE(WARNING),
    SCHEMA_MODE_CHOSEN(NOTE),
    OWNERS_LEFT_OUT(NOTE),
    GRANTS_LEFT_OUT(NOTE),
    REPLICATION_LEFT_OUT(NOTE),
    SOURCE_CONNECTIONS_FEW(WARNING),
    TARGET_CONNECTIONS_FEW(WARNING),
    SESSION_TIMEOUT_STAYS(WARNING),
    SESSION_TIMEOUT_LIFTED(NOTE),
    SOURCE_STANDBY(WARNING),
    SOURCE_ENCODING_UNCHECKED(WARNING),
    ENCODING_NARROWER(WARNING),
    ENCODING_CONVERTED(NOTE),
    COLLATION_DIFFERS(WARNING),
    COLLATION_VERSION_CHANGED(WARNING),
    COLLATION_VERSIONS_DIFFER(NOTE),
    TARGET_OLDER(WARNING),
    TARGET_NOT_CRASH_SAFE(WARNING),
    TARGET_LOCKS_FEW(WARNING),
    TARGET_STANDBY_ABSENT(WARNING),
    TARGET_STANDBY_AWAITED(NOTE),
    TARGET_WAL(NOTE),
    ROWS_NEAR_LIMIT(WARNING),
    ROWS_WIDER_THAN_SHARDS(NOTE),
    TABLES_WITHOUT_KEY(NOTE),
    ONLINE_TABLES_WHOLE(WARNING),
    LARGE_OBJECTS_LEFT_OUT(NOTE),
    LARGE_OBJECTS_OWNED_ANEW(WARNING),
    SPACE_NEEDED(NOTE);

    private final Severity severity;

    RemarkCode(Severity severity) {
        this.severity = severity;
    }

    public Severity severity() {
        return severity;
    }
}
