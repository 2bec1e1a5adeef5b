package dev.godwit.protocol.check;

import java.util.Objects;

/**
 * Something that a check found and that does not keep the plan from running. No field ever holds a row's value or a
 * secret.
 *
 * @param code stable name of the kind of remark
 * @param what what was found and what it means
 * @param where table or host:port/database; empty if there is no place
 * @param fix what can be done about it, one sentence; empty if there is nothing to do
 */
public record Remark(RemarkCode code, String what, String where, String fix) {
    public Remark {
        Objects.requireNonNull(code, "code");
        what = Objects.requireNonNullElse(what, "");
        where = Objects.requireNonNullElse(where, "");
        fix = Objects.requireNonNullElse(fix, "");
    }
}
