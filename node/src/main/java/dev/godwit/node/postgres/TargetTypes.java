package dev.godwit.node.postgres;

import dev.godwit.node.source.TableDefinition.Prerequisite;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/** Schemas, types and collations that tables need in the target. */
final class TargetTypes {
    /**
     * What a value of type {@code t} looks like, as one text: rows of a composite type travel by the order of its
     * attributes, so another order would swap values without a word.
     */
    static final String SHAPE = """
            CASE t.typtype
              WHEN 'c' THEN (SELECT string_agg(quote_ident(s.attname) || ' ' || format_type(s.atttypid, s.atttypmod), ', '
                ORDER BY s.attnum) FROM pg_attribute s WHERE s.attrelid = t.typrelid AND s.attnum > 0 AND NOT s.attisdropped)
              WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod)
              WHEN 'r' THEN (SELECT format_type(r.rngsubtype, NULL) FROM pg_range r WHERE r.rngtypid = t.oid)
              ELSE '' END""";

    private TargetTypes() {}

    /**
     * What is missing and can't be made.
     *
     * @param make whether enum types and domains will be made
     */
    static List<Problem> missing(Connection connection, Collection<Prerequisite> prerequisites, boolean make)
            throws SQLException {
        List<Problem> problems = new ArrayList<>();
        for (Prerequisite prerequisite : prerequisites) {
            if (prerequisite instanceof Prerequisite.EnumNeeded wanted) {
                if (typeExists(connection, wanted.schema(), wanted.name())) {
                    labels(connection, wanted, problems);
                } else if (!make) {
                    problems.add(typeMissing(wanted.schema(), wanted.name()));
                }
            } else if (prerequisite instanceof Prerequisite.DomainNeeded wanted) {
                shape(connection, wanted.schema(), wanted.name(), wanted.shape(), !make, problems);
            } else if (prerequisite instanceof Prerequisite.TypeNeeded wanted) {
                shape(connection, wanted.schema(), wanted.name(), wanted.shape(), true, problems);
            } else if (prerequisite instanceof Prerequisite.CollationNeeded wanted) {
                // In mode existing the table's columns have the collations that they have.
                if (make && !collationExists(connection, wanted)) {
                    problems.add(collationMissing(wanted));
                }
            }
        }
        return problems;
    }

    /** Makes it if it can be made and is not there. To be called under the lock that all makers take. */
    static void make(Connection connection, Prerequisite prerequisite) throws SQLException {
        if (prerequisite instanceof Prerequisite.SchemaNeeded wanted) {
            // IF NOT EXISTS would ask for the privilege to create one even where it is there.
            if (!TargetTables.schemaExists(connection, wanted.name())) {
                execute(connection, "CREATE SCHEMA IF NOT EXISTS " + Sql.ident(wanted.name()));
            }
        } else if (prerequisite instanceof Prerequisite.EnumNeeded wanted) {
            if (!typeExists(connection, wanted.schema(), wanted.name())) {
                String labels = wanted.labels().stream().map(Sql::literal).collect(Collectors.joining(", "));
                execute(
                        connection,
                        "CREATE TYPE " + Sql.ident(wanted.schema()) + '.' + Sql.ident(wanted.name()) + " AS ENUM ("
                                + labels + ")");
            }
        } else if (prerequisite instanceof Prerequisite.DomainNeeded wanted) {
            if (!typeExists(connection, wanted.schema(), wanted.name())) {
                execute(connection, wanted.create());
            }
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static void labels(Connection connection, Prerequisite.EnumNeeded wanted, List<Problem> problems)
            throws SQLException {
        Set<String> missing = new LinkedHashSet<>(wanted.labels());
        String sql = """
                SELECT e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
                JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = ? AND t.typname = ?""";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, wanted.schema());
            statement.setString(2, wanted.name());
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    missing.remove(row.getString(1));
                }
            }
        }
        if (!missing.isEmpty()) {
            problems.add(new Problem(
                    ErrorCode.TARGET_TYPE_MISSING,
                    "The target's enum type lacks labels: "
                            + missing.stream().map(Sql::printable).collect(Collectors.joining(", ")) + ".",
                    Sql.printable(wanted.schema() + '.' + wanted.name()),
                    "ALTER TYPE … ADD VALUE."));
        }
    }

    private static void shape(
            Connection connection, String schema, String name, String wanted, boolean needed, List<Problem> problems)
            throws SQLException {
        String sql = "SELECT " + SHAPE
                + " FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = ? AND t.typname = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, schema);
            statement.setString(2, name);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    if (needed) {
                        problems.add(typeMissing(schema, name));
                    }
                } else if (!Objects.equals(row.getString(1), wanted)) {
                    problems.add(new Problem(
                            ErrorCode.TARGET_COLUMN_TYPE,
                            "The target's type is (" + Sql.printable(row.getString(1)) + "), the source's is ("
                                    + Sql.printable(wanted) + ").",
                            Sql.printable(schema + '.' + name),
                            "Make the target's type like the source's, attributes in the same order."));
                }
            }
        }
    }

    private static Problem typeMissing(String schema, String name) {
        return new Problem(
                ErrorCode.TARGET_TYPE_MISSING,
                "The target has no type " + Sql.printable(schema + '.' + name) + ".",
                Sql.printable(schema + '.' + name),
                "Create the type, or the extension that it belongs to.");
    }

    private static Problem collationMissing(Prerequisite.CollationNeeded wanted) {
        return new Problem(
                ErrorCode.TARGET_COLLATION_MISSING,
                "The target has no collation " + Sql.printable(wanted.schema() + '.' + wanted.name()) + ".",
                Sql.printable(wanted.schema() + '.' + wanted.name()),
                "Create the collation, or install the operating system's locale and import it.");
    }

    private static boolean typeExists(Connection connection, String schema, String name) throws SQLException {
        return exists(
                connection,
                "SELECT EXISTS (SELECT FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace"
                        + " WHERE n.nspname = ? AND t.typname = ?)",
                schema,
                name);
    }

    private static boolean collationExists(Connection connection, Prerequisite.CollationNeeded wanted)
            throws SQLException {
        return exists(
                connection,
                "SELECT EXISTS (SELECT FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace"
                        + " WHERE n.nspname = ? AND c.collname = ? AND c.collencoding IN (-1,"
                        + " (SELECT encoding FROM pg_database WHERE datname = current_database())))",
                wanted.schema(),
                wanted.name());
    }

    private static boolean exists(Connection connection, String sql, String schema, String name) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, schema);
            statement.setString(2, name);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }
}
