package dev.godwit.node.postgres;

import dev.godwit.protocol.check.Remark;
import dev.godwit.protocol.check.RemarkCode;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Limits;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;

/**
 * How many sessions a server would give to our role in this database. Sessions of Godwit itself do not count as taken:
 * they are the ones that the plan's limit allows.
 *
 * @param free 0 or more
 * @param bound what there is least of, for people: {@code max_connections} and so on
 */
record ConnectionRoom(long free, String bound) {
    /** A plan can't say less. */
    private static final int LEAST_OF_PLAN = 2;

    /** For one worker, a question, and the held snapshot. */
    static final int LEAST_AT_SOURCE = 3;

    /** For one worker or build, questions, and a look at a commit without an answer. */
    static final int LEAST_AT_TARGET = 3;

    /**
     * A plain role does not see of what kind others' sessions are: they are taken for clients' unless they say
     * otherwise. The limits of role and database do not hold for a superuser.
     */
    private static final String SQL = """
            WITH used AS (
              SELECT count(*) AS every, count(*) FILTER (WHERE usename = session_user) AS role,
                count(*) FILTER (WHERE datname = current_database()) AS base
              FROM pg_stat_activity WHERE datid IS NOT NULL AND usesysid IS NOT NULL
                AND coalesce(backend_type, 'client backend') = 'client backend'
                AND NOT (usename = session_user AND application_name LIKE 'godwit%'))
            SELECT b.free, b.bound FROM used, pg_roles r, pg_database d CROSS JOIN LATERAL (VALUES
              (current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint
                - coalesce(current_setting('reserved_connections', true), '0')::bigint - used.every,
                'the server''s max_connections'),
              (CASE WHEN r.rolconnlimit >= 0 AND NOT r.rolsuper THEN r.rolconnlimit - used.role END,
                'the role''s CONNECTION LIMIT'),
              (CASE WHEN d.datconnlimit >= 0 AND NOT r.rolsuper THEN d.datconnlimit - used.base END,
                'the database''s CONNECTION LIMIT')) b(free, bound)
            WHERE r.rolname = session_user AND d.datname = current_database() AND b.free IS NOT NULL
            ORDER BY 1 LIMIT 1""";

    static ConnectionRoom read(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(SQL)) {
            row.next();
            return new ConnectionRoom(Math.max(0, row.getLong(1)), row.getString(2));
        }
    }

    /** Where there is not even room for the smallest migration. */
    Optional<Problem> problem(Side side, String place) {
        int least = side == Side.SOURCE ? LEAST_AT_SOURCE : LEAST_AT_TARGET;
        if (free >= least) {
            return Optional.empty();
        }
        return Optional.of(new Problem(
                side.pick(ErrorCode.SOURCE_CONNECTIONS, ErrorCode.TARGET_CONNECTIONS),
                "The " + side.word() + " has " + free + " connections free for us by " + bound
                        + ", and a migration needs at least " + least + ".",
                place,
                "End sessions that nobody needs, or raise " + bound + "."));
    }

    /** Where the plan allows more than there is. */
    Optional<Remark> remark(Side side, String place, Limits limits) {
        int ceiling = side == Side.SOURCE ? limits.sourceConnections() : limits.targetConnections();
        if (free >= ceiling) {
            return Optional.empty();
        }
        String key = "limits." + side.word() + "Connections";
        return Optional.of(new Remark(
                side == Side.SOURCE ? RemarkCode.SOURCE_CONNECTIONS_FEW : RemarkCode.TARGET_CONNECTIONS_FEW,
                "The " + side.word() + " has " + free + " connections free for us by " + bound + ", and " + key + " is "
                        + ceiling + ": nodes enough would take all, also those that other programs wait for.",
                place,
                "Lower " + key + " to " + Math.max(LEAST_OF_PLAN, free) + " or less, or raise " + bound + "."));
    }
}
