package dev.godwit.protocol.error;

import static dev.godwit.protocol.error.Category.BUG;
import static dev.godwit.protocol.error.Category.RESOURCE;
import static dev.godwit.protocol.error.Category.SOURCE;
import static dev.godwit.protocol.error.Category.TARGET;
import static dev.godwit.protocol.error.Category.USER;
import static dev.godwit.protocol.error.Retry.BOUNDED;
import static dev.godwit.protocol.error.Retry.NEVER;
import static dev.godwit.protocol.error.Retry.PAUSE_TABLE;
import static dev.godwit.protocol.error.Retry.UNTIL_IT_WORKS;

/**
 * The catalogue of errors. A code is stable: it is written into events and answered over HTTP, so it is never renamed
 * and never reused. This is the one table from an error to its category, retry, HTTP status and exit code.
 */
public enum ErrorCode {
    USAGE(USER, NEVER, 400, 2),
    PLAN_SYNTAX(USER, NEVER, 422, 3),
    PLAN_UNKNOWN_KEY(USER, NEVER, 400, 3),
    PLAN_MISSING_KEY(USER, NEVER, 422, 3),
    PLAN_WRONG_TYPE(USER, NEVER, 422, 3),
    PLAN_WRONG_VALUE(USER, NEVER, 422, 3),
    PLAN_SECRET_INLINE(USER, NEVER, 422, 3),
    PLAN_DRIVER_URL(USER, NEVER, 422, 3),
    PLAN_PROPERTY_NOT_ALLOWED(USER, NEVER, 422, 3),
    PLAN_NOT_SUPPORTED(USER, NEVER, 422, 3),
    SECRET_MISSING(USER, NEVER, 422, 3),
    CLIENT_PROGRAMS_UNFIT(USER, NEVER, 422, 3),
    BODY_TOO_LARGE(USER, NEVER, 413, 2),
    REQUEST_REFUSED(USER, NEVER, 403, 12),
    MIGRATION_NOT_FOUND(USER, NEVER, 404, 1),
    TABLE_NOT_FOUND(USER, NEVER, 404, 1),
    NO_TABLES_MATCH(USER, NEVER, 422, 3),
    NAME_NOT_SUPPORTED(USER, NEVER, 422, 3),
    PLAN_CONFLICT(USER, NEVER, 409, 11),
    ACTION_NOT_ALLOWED_NOW(USER, NEVER, 409, 11),
    SCHEMA_LEAVES_OUT(USER, NEVER, 422, 3),
    SOURCE_IS_TARGET(USER, NEVER, 422, 3),

    SOURCE_UNREACHABLE(SOURCE, UNTIL_IT_WORKS, 502, 6),
    SOURCE_LOGIN_REFUSED(SOURCE, NEVER, 502, 6),
    SOURCE_PRIVILEGE_MISSING(SOURCE, PAUSE_TABLE, 502, 6),
    SOURCE_ROW_SECURITY(SOURCE, PAUSE_TABLE, 502, 6),
    SOURCE_VERSION(SOURCE, NEVER, 502, 6),
    SOURCE_POOLER(SOURCE, NEVER, 502, 6),
    SOURCE_CONNECTIONS(SOURCE, UNTIL_IT_WORKS, 502, 6),
    SOURCE_TABLE_CHANGED(SOURCE, PAUSE_TABLE, 502, 6),
    SOURCE_ENCODING(SOURCE, PAUSE_TABLE, 502, 6),
    SOURCE_FAILED(SOURCE, BOUNDED, 502, 6),
    SNAPSHOT_LOST(SOURCE, NEVER, 409, 6),
    SNAPSHOT_NOT_READY(SOURCE, UNTIL_IT_WORKS, 503, 6),

    TARGET_UNREACHABLE(TARGET, UNTIL_IT_WORKS, 502, 7),
    TARGET_LOGIN_REFUSED(TARGET, NEVER, 502, 7),
    TARGET_PRIVILEGE_MISSING(TARGET, PAUSE_TABLE, 502, 7),
    TARGET_VERSION(TARGET, NEVER, 502, 7),
    TARGET_POOLER(TARGET, NEVER, 502, 7),
    TARGET_READ_ONLY(TARGET, NEVER, 502, 7),
    TARGET_CONNECTIONS(TARGET, UNTIL_IT_WORKS, 502, 7),
    TARGET_NOT_EMPTY(TARGET, NEVER, 409, 11),
    TARGET_OF_ANOTHER_MIGRATION(TARGET, NEVER, 409, 11),
    TARGET_TABLE_MISSING(TARGET, NEVER, 422, 7),
    TARGET_COLUMN_MISSING(TARGET, NEVER, 422, 7),
    TARGET_COLUMN_TYPE(TARGET, NEVER, 422, 7),
    TARGET_TYPE_MISSING(TARGET, NEVER, 422, 7),
    TARGET_EXTENSION_MISSING(TARGET, NEVER, 422, 7),
    TARGET_EXTENSION_ELSEWHERE(TARGET, NEVER, 422, 7),
    TARGET_OBJECT_MISSING(TARGET, NEVER, 422, 7),
    TARGET_NAME_TAKEN(TARGET, NEVER, 422, 7),
    TARGET_FEATURE_MISSING(TARGET, NEVER, 422, 7),
    TARGET_OWNER_OTHER(TARGET, NEVER, 422, 7),
    TARGET_ROLE_MISSING(TARGET, NEVER, 422, 7),
    TARGET_TABLE_HAS_TRIGGERS(TARGET, NEVER, 422, 7),
    TARGET_COLLATION_MISSING(TARGET, NEVER, 422, 7),
    TARGET_OBJECT_DIFFERS(TARGET, NEVER, 422, 7),
    TARGET_ENCODING(TARGET, NEVER, 422, 7),
    TARGET_DISK_FULL(TARGET, PAUSE_TABLE, 507, 7),
    TARGET_FOREIGN_KEY_ORPHANS(TARGET, PAUSE_TABLE, 422, 9),
    TARGET_ROW_REFUSED(TARGET, PAUSE_TABLE, 422, 7),
    TARGET_KEY_NOT_UNIQUE(TARGET, PAUSE_TABLE, 422, 7),
    TARGET_FAILED(TARGET, BOUNDED, 502, 7),
    ROWS_DIFFER(TARGET, PAUSE_TABLE, 500, 9),

    STATE_STORE_UNREACHABLE(RESOURCE, UNTIL_IT_WORKS, 503, 1),
    STATE_STORE_NEWER(RESOURCE, NEVER, 503, 1),
    CLUSTER_NOT_READY(RESOURCE, UNTIL_IT_WORKS, 503, 1),
    NODE_LOST(RESOURCE, UNTIL_IT_WORKS, 503, 1),
    FOREIGN_CLUSTER(RESOURCE, UNTIL_IT_WORKS, 409, 11),
    TOO_MANY_STREAMS(RESOURCE, UNTIL_IT_WORKS, 503, 1),
    TIMED_OUT(RESOURCE, UNTIL_IT_WORKS, 504, 1),
    INTERNAL(BUG, BOUNDED, 500, 1);

    private final Category category;
    private final Retry retry;
    private final int httpStatus;
    private final int exitCode;

    ErrorCode(Category category, Retry retry, int httpStatus, int exitCode) {
        this.category = category;
        this.retry = retry;
        this.httpStatus = httpStatus;
        this.exitCode = exitCode;
    }

    public Category category() {
        return category;
    }

    public Retry retry() {
        return retry;
    }

    public int httpStatus() {
        return httpStatus;
    }

    public int exitCode() {
        return exitCode;
    }
}
