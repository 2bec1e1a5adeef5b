package dev.godwit.node.http;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;

/** A request that HTTP has a closer status for than the 400 of {@link ErrorCode#USAGE}: 404, 405, 406, 415. */
final class UsageException extends GodwitException {
    private static final long serialVersionUID = 1L;

    private final int httpStatus;

    UsageException(int httpStatus, String what, String where, String fix) {
        super(ErrorCode.USAGE, what, where, fix);
        this.httpStatus = httpStatus;
    }

    int httpStatus() {
        return httpStatus;
    }
}
