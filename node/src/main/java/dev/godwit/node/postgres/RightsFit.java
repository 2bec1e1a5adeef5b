package dev.godwit.node.postgres;

import dev.godwit.node.schema.Rights;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.SchemaMode;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Whether a target can take the owners and grants that a plan carries. */
final class RightsFit {
    private static final int FIRST_WITH_SET_OPTION = 16;

    private static final String MISSING = "SELECT r FROM unnest(?::text[]) r"
            + " WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) ORDER BY r";

    /** To give something away one must be able to become its new owner, and to work on with it, have the rights of it. */
    private static final String NOT_OURS = """
            SELECT r.rolname FROM pg_roles r WHERE r.rolname = ANY (?)
              AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
              AND NOT (pg_has_role(r.oid, '%s') AND pg_has_role(r.oid, 'USAGE')) ORDER BY 1""";

    private RightsFit() {}

    static List<Problem> problems(Connection target, Plan plan, Rights rights, String place) throws SQLException {
        List<Problem> problems = new ArrayList<>();
        boolean dumped = plan.schema() == SchemaMode.DUMP;
        List<String> missing = names(target, MISSING, rights.rolesNeeded(plan, dumped));
        if (!missing.isEmpty()) {
            problems.add(new Problem(
                    ErrorCode.TARGET_ROLE_MISSING,
                    "The target lacks " + missing.size()
                            + " roles that own something, are granted something or are named by policies or user mappings: "
                            + all(missing) + ".",
                    place,
                    rights.named().stream().noneMatch(missing::contains)
                            ? "Create them in the target, or leave owners and grants out of the plan."
                            : "Create them in the target; those of policies and user mappings are needed without owners and"
                                    + " grants too, unless with schema: tables."));
        }
        String option = target.getMetaData().getDatabaseMajorVersion() >= FIRST_WITH_SET_OPTION ? "SET" : "MEMBER";
        List<String> others = names(target, NOT_OURS.formatted(option), rights.rolesActedFor(plan));
        if (!others.isEmpty()) {
            problems.add(new Problem(
                    ErrorCode.TARGET_PRIVILEGE_MISSING,
                    "The target's user is no superuser and can't act for these roles, which own or grant something: "
                            + all(others) + ".",
                    place,
                    "GRANT these roles to the user (with INHERIT and SET), or use a superuser, or leave owners and grants out"
                            + " of the plan."));
        }
        if (dumped && plan.grants() && !rights.otherGrantors().isEmpty() && !isSuperuser(target)) {
            problems.add(new Problem(
                    ErrorCode.TARGET_PRIVILEGE_MISSING,
                    "Grants were made by others than owners (" + all(List.copyOf(rights.otherGrantors()))
                            + "), and pg_restore repeats these as a superuser alone.",
                    place,
                    "Use a superuser as the target's user, or schema: tables, or leave grants out of the plan."));
        }
        return problems;
    }

    private static boolean isSuperuser(Connection target) throws SQLException {
        boolean[] is = new boolean[1];
        CatalogRows.all(
                target, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user", row -> is[0] = row.getBoolean(1));
        return is[0];
    }

    private static String all(List<String> names) {
        return names.stream().map(Sql::printable).sorted().collect(Collectors.joining(", "));
    }

    private static List<String> names(Connection target, String sql, Set<String> roles) throws SQLException {
        List<String> names = new ArrayList<>();
        if (roles.isEmpty()) {
            return names;
        }
        try (PreparedStatement statement = target.prepareStatement(sql)) {
            statement.setArray(1, target.createArrayOf("text", roles.toArray()));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    names.add(row.getString(1));
                }
            }
        }
        return names;
    }
}
