package dev.godwit.node.postgres;

import dev.godwit.protocol.check.Remark;
import dev.godwit.protocol.check.RemarkCode;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What of a source's large objects would not travel. Counts, and never reads an object. */
final class LargeObjectCheck {
    /** Up to 17 no function tells it. */
    private static final String OUT_OF_REACH = """
            SELECT count(*), (SELECT count(*) FROM pg_largeobject_metadata) FROM pg_largeobject_metadata m
            WHERE NOT current_setting('lo_compat_privileges')::boolean AND NOT pg_has_role(m.lomowner, 'USAGE')
              AND NOT EXISTS (SELECT FROM aclexplode(m.lomacl) g WHERE g.privilege_type = 'SELECT'
                AND CASE WHEN g.grantee = 0 THEN true ELSE pg_has_role(g.grantee, 'USAGE') END)""";

    private static final String FACTS = """
            SELECT count(*), count(*) FILTER (WHERE r.rolname IS DISTINCT FROM %s),
              count(*) FILTER (WHERE EXISTS (SELECT FROM aclexplode(m.lomacl) g WHERE g.grantee <> m.lomowner)),
              (SELECT count(*) FROM pg_description WHERE classoid = 'pg_largeobject'::regclass)
            FROM pg_largeobject_metadata m LEFT JOIN pg_roles r ON r.oid = m.lomowner""";

    private LargeObjectCheck() {}

    /** That the role may not read all of them. */
    static Optional<Problem> problem(Connection source, Plan plan, String role) throws SQLException {
        if (!plan.largeObjects() || LargeObjects.pagesAreReadable(source)) {
            return Optional.empty();
        }
        try (Statement statement = source.createStatement();
                ResultSet row = statement.executeQuery(OUT_OF_REACH)) {
            row.next();
            return row.getLong(1) == 0
                    ? Optional.empty()
                    : Optional.of(new Problem(
                            ErrorCode.SOURCE_PRIVILEGE_MISSING,
                            "The role " + role + " may not read " + row.getLong(1) + " of " + row.getLong(2)
                                    + " large objects.",
                            LargeObjects.NAME.text(),
                            "GRANT SELECT ON pg_catalog.pg_largeobject to the role, or from 14 on pg_read_all_data; or"
                                    + " GRANT SELECT ON LARGE OBJECT for each; or say largeObjects: false."));
        }
    }

    /** @param place of the source */
    static List<Remark> remarks(Connection source, Plan plan, String place) throws SQLException {
        String owner = plan.targets().values().iterator().next().postgres().user();
        List<Remark> remarks = new ArrayList<>();
        try (Statement statement = source.createStatement();
                ResultSet row = statement.executeQuery(FACTS.formatted(Sql.literal(owner)))) {
            row.next();
            long objects = row.getLong(1);
            if (objects > 0 && !plan.largeObjects()) {
                remarks.add(new Remark(
                        RemarkCode.LARGE_OBJECTS_LEFT_OUT,
                        "The source has " + objects + " large objects, and the plan does not mean them: the target will"
                                + " have none of them.",
                        place,
                        "Say largeObjects: true, if tables of the plan refer to them."));
            } else if (row.getLong(2) + row.getLong(3) + row.getLong(4) > 0) {
                remarks.add(new Remark(
                        RemarkCode.LARGE_OBJECTS_OWNED_ANEW,
                        "In the target all large objects belong to " + Sql.printable(owner)
                                + ", without grants and comments. Of the source's " + objects + ", " + row.getLong(2)
                                + " belong to others, " + row.getLong(3) + " have grants, and " + row.getLong(4)
                                + " have comments.",
                        place,
                        "After the copy: ALTER LARGE OBJECT … OWNER TO, GRANT … ON LARGE OBJECT, where applications log"
                                + " in as others."));
            }
        }
        return remarks;
    }
}
