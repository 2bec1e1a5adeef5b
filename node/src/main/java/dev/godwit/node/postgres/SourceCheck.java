package dev.godwit.node.postgres;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Looks for everything about the source that would keep a plan from working, and reports all of it at once. Only a
 * source that can't be asked at all, or is too old to be asked the rest, gives a single problem.
 */
final class SourceCheck {
    private static final int OLDEST_VERSION = 12;

    private final PostgresConnections connections;

    SourceCheck(PostgresConnections connections) {
        this.connections = connections;
    }

    List<Problem> problems(Plan plan) {
        // Outside the pool: a wrong password must not be tried again for 20 seconds.
        try (Connection connection = connections.open()) {
            int version = connection.getMetaData().getDatabaseMajorVersion();
            if (version < OLDEST_VERSION) {
                return List.of(problem(
                        ErrorCode.SOURCE_VERSION,
                        "The source is PostgreSQL " + version + ".",
                        "Godwit reads PostgreSQL " + OLDEST_VERSION + " and newer."));
            }
            List<Problem> problems = new ArrayList<>();
            ConnectionRoom.read(connection)
                    .problem(Side.SOURCE, connections.place())
                    .ifPresent(problems::add);
            if (problems.stream().noneMatch(problem -> problem.code() == ErrorCode.SOURCE_CONNECTIONS)) {
                pooler(connection, problems);
            }
            tables(connection, plan, problems);
            connection.rollback();
            return List.copyOf(problems);
        } catch (SQLException e) {
            return List.of(PostgresErrors.translate(e, connections.side(), connections.place())
                    .problem());
        } catch (GodwitException e) {
            return List.of(e.problem());
        }
    }

    private Problem problem(ErrorCode code, String what, String fix) {
        return new Problem(code, what, connections.place(), fix);
    }

    /**
     * Behind a pooler in transaction mode two of our sessions share a server's process while neither is in a
     * transaction, or one session meets another process once the other keeps the first busy.
     */
    private void pooler(Connection one, List<Problem> problems) throws SQLException {
        long before = processOf(one);
        one.commit();
        try (Connection other = connections.open()) {
            long others = processOf(other);
            long after = processOf(one);
            if (others == before || after != before) {
                problems.add(problem(
                        ErrorCode.SOURCE_POOLER,
                        "A session changes its server process between transactions: there is a pooler in"
                                + " transaction mode between Godwit and the source.",
                        "Name the server itself, or a pooler in session mode."));
            }
            other.rollback();
        } catch (GodwitException e) {
            problems.add(e.problem());
        }
        one.rollback();
    }

    private static long processOf(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT pg_backend_pid()")) {
            row.next();
            return row.getLong(1);
        }
    }

    private void tables(Connection connection, Plan plan, List<Problem> problems) throws SQLException {
        SourceCatalog catalog = new SourceCatalog(connection);
        List<SourceRelation> relations = catalog.relations(plan);
        String role = connection.getMetaData().getUserName();
        for (SourceRelation relation : relations) {
            if (plan.schema() == SchemaMode.EXISTING) {
                notCopied(relation, problems);
            }
            relation(relation, role, problems);
        }
        if (plan.consistency() == Consistency.ONLINE) {
            new CaptureCheck(connections, plan, problems).look(connection, relations);
        }
        Optional<TableSpec> largeObjects = LargeObjects.spec(connection, plan);
        if (largeObjects.isPresent()) {
            LargeObjectCheck.problem(connection, plan, role).ifPresent(problems::add);
        }
        missing(plan, relations, largeObjects.isPresent(), problems);
        columns(connection, relations, problems);
    }

    /** Asks for those with unusual names alone: all columns of many tables take longer than the rest of the check. */
    private static void columns(Connection connection, List<SourceRelation> relations, List<Problem> problems)
            throws SQLException {
        String sql = """
                SELECT attrelid::bigint, attname FROM pg_attribute
                WHERE attrelid = ANY (?::bigint[]::oid[]) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
                  AND attname ~ '[^ -~]' ORDER BY attrelid, attnum""";
        Map<Long, TableName> tables = relations.stream()
                .filter(SourceRelation::isTable)
                .collect(Collectors.toMap(SourceRelation::oid, SourceRelation::name, (a, b) -> a, LinkedHashMap::new));
        CatalogRows.of(connection, sql, tables.keySet(), row -> {
            if (hasControlCharacter(row.getString(2))) {
                problems.add(new Problem(
                        ErrorCode.NAME_NOT_SUPPORTED,
                        "The column " + Sql.printable(row.getString(2)) + " has a control character in its name.",
                        Sql.printable(tables.get(row.getLong(1)).text()),
                        "Rename the column, or exclude the table."));
            }
        });
    }

    /** Where Godwit makes the schema, these are among what it leaves out. */
    private static void notCopied(SourceRelation relation, List<Problem> problems) {
        String name = Sql.printable(relation.name().text());
        if (relation.kind() == 'f' || relation.kind() == 'm' || (relation.kind() == 'r' && !relation.isTable())) {
            problems.add(new Problem(
                    ErrorCode.PLAN_NOT_SUPPORTED,
                    "The plan includes " + name + ", which is " + relation.kindInWords()
                            + ": this version does not copy it.",
                    name,
                    "Exclude it."));
        }
    }

    private static void relation(SourceRelation relation, String role, List<Problem> problems) {
        if (!relation.isTable()) {
            return;
        }
        String name = Sql.printable(relation.name().text());
        if (hasControlCharacter(relation.name().schema())
                || hasControlCharacter(relation.name().name())) {
            problems.add(new Problem(
                    ErrorCode.NAME_NOT_SUPPORTED,
                    "The name of the table " + name + " has a control character.",
                    name,
                    "Rename it, or exclude it."));
        }
        if (!relation.readable()) {
            problems.add(new Problem(
                    ErrorCode.SOURCE_PRIVILEGE_MISSING,
                    "The role " + role + " may not read " + name + ".",
                    name,
                    "Grant SELECT on the table and USAGE on its schema to the role, or exclude the table."));
        }
        if (relation.filtered()) {
            problems.add(new Problem(
                    ErrorCode.SOURCE_ROW_SECURITY,
                    "Row-level security hides rows of " + name + " from the role " + role + ".",
                    name,
                    "Give the role BYPASSRLS, or exclude the table."));
        }
    }

    /** A name without a wildcard promises a table; a wildcard takes what is there. */
    private static void missing(
            Plan plan, List<SourceRelation> relations, boolean largeObjects, List<Problem> problems) {
        // A partitioned table stands for its leaves, also where it has none yet.
        List<TableName> copied = relations.stream()
                .filter(relation -> relation.isTable() || relation.kind() == 'p')
                .map(SourceRelation::name)
                .toList();
        List<String> missing = new TablePatterns(plan.include()).namesNotAmong(copied);
        for (String name : missing) {
            String found = relations.stream()
                    .filter(relation -> !relation.isTable())
                    .filter(relation -> new TablePatterns(List.of(name)).matches(relation.name()))
                    .findFirst()
                    .map(relation ->
                            "What the plan includes as " + Sql.printable(name) + " is " + relation.kindInWords() + ".")
                    .orElse("The source has no table " + Sql.printable(name) + ", or the plan excludes it.");
            problems.add(new Problem(
                    ErrorCode.NO_TABLES_MATCH,
                    found,
                    "include",
                    "Correct the name (case counts, no quotes), or take it out."));
        }
        if (missing.isEmpty() && !largeObjects && relations.stream().noneMatch(SourceRelation::isTable)) {
            problems.add(new Problem(
                    ErrorCode.NO_TABLES_MATCH,
                    "No table of the source matches the plan's patterns.",
                    "include",
                    "Write schema.table; * stands for any run of characters, and case counts."));
        }
    }

    private static boolean hasControlCharacter(String name) {
        return name.chars().anyMatch(Character::isISOControl);
    }
}
