package dev.godwit.node.postgres;

import dev.godwit.node.source.TableDefinition;
import dev.godwit.node.source.TableDefinition.Prerequisite;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Makes the tables that rows land in and proves that they fit and are empty. Every object is made in a transaction of
 * its own under an advisory lock: repeatable, safe when several nodes do it, and without a lock per table held at once.
 */
final class TargetSchema {
    private static final int LOCK_PREPARE = 2;

    /** So many problems are told in full; beyond it, how many more there are. */
    private static final int TOLD = 20;

    private final TargetSessions sessions;
    private final String place;

    TargetSchema(TargetSessions sessions, String place) {
        this.sessions = sessions;
        this.place = place;
    }

    void prepare(Plan plan, List<TableSpec> tables, Function<TableSpec, TableDefinition> definitions) {
        TargetShape shape = sessions.reading(place, connection -> TargetShape.read(connection, tables));
        boolean make = plan.schema() == SchemaMode.TABLES;
        Map<TableSpec, TableDefinition> needed = new LinkedHashMap<>();
        for (TableSpec table : tables) {
            if (make && !shape.has(table.name()) || hasTypesOfUsers(table)) {
                needed.put(table, definitions.apply(table));
            }
        }
        refuseIfAny(differences(shape, tables, !make));
        Set<Prerequisite> prerequisites = new LinkedHashSet<>();
        needed.values().forEach(definition -> prerequisites.addAll(definition.prerequisites()));
        refuseIfAny(sessions.reading(place, c -> TargetTypes.missing(c, prerequisites, make)));
        if (make) {
            create(plan, needed, prerequisites, shape);
        }
        TargetShape made = sessions.reading(place, connection -> TargetShape.read(connection, tables));
        refuseIfAny(differences(made, tables, true));
        tables.forEach(table -> record(plan.name(), table.name()));
        refuseIfAny(occupied(plan.name(), tables, made, true));
    }

    /** {@code format_type} qualifies the names of all types that are not built in, and of no others. */
    static boolean hasTypesOfUsers(TableSpec table) {
        return table.columns().stream().anyMatch(column -> column.type().contains("."));
    }

    /** @param demandAll whether a table that is not there is a problem */
    static List<Problem> differences(TargetShape shape, List<TableSpec> tables, boolean demandAll) {
        List<Problem> problems = new ArrayList<>();
        for (TableSpec table : tables) {
            if (demandAll && !shape.has(table.name())) {
                problems.add(new Problem(
                        ErrorCode.TARGET_TABLE_MISSING,
                        "The target has no such table.",
                        Sql.printable(table.name().text()),
                        "Create it, or let the plan say schema: tables."));
            }
            problems.addAll(shape.differences(table));
        }
        return problems;
    }

    /**
     * Tables that hold rows although this migration has not claimed any of theirs, and those that it has claimed rows of
     * and that were emptied or made anew since. Tables that are not there or differ are left out: those are other
     * problems.
     *
     * @param ownTables whether Godwit's own tables are there; without them nothing is claimed
     */
    List<Problem> occupied(String migration, List<TableSpec> tables, TargetShape shape, boolean ownTables) {
        List<Problem> problems = new ArrayList<>();
        for (TableSpec table : tables) {
            if (!shape.has(table.name()) || !shape.differences(table).isEmpty()) {
                continue;
            }
            boolean partitioned = shape.partitioned(table.name());
            sessions.reading(Sql.printable(table.name().text()), connection -> {
                // Asked before the rows: a shard that lands in between shows its rows, and no false alarm is given.
                boolean landed =
                        ownTables && claimedBy(connection, "rows > 0 AND migration = ?", migration, table.name());
                boolean holdsRows = holdsRows(connection, table.name(), partitioned);
                if (landed && !holdsRows) {
                    problems.add(emptied(table.name()));
                } else if (holdsRows
                        && !(ownTables && claimedBy(connection, "migration = ?", migration, table.name()))) {
                    problems.add(occupied(
                            table.name(),
                            ownTables && claimedBy(connection, "migration <> ?", migration, table.name())));
                }
                return null;
            });
        }
        return problems;
    }

    private static Problem emptied(TableName table) {
        return new Problem(
                ErrorCode.ROWS_DIFFER,
                "The claims of this migration say that rows landed in the target's table, and it is empty.",
                Sql.printable(table.text()),
                "Start a migration under a new name: what was claimed is never copied again under this one.");
    }

    private static Problem occupied(TableName table, boolean byAnother) {
        return byAnother
                ? new Problem(
                        ErrorCode.TARGET_OF_ANOTHER_MIGRATION,
                        "The target's table holds rows of another migration.",
                        Sql.printable(table.text()),
                        "Go on with that migration by its plan; or, if it was cancelled, drop or empty the table; or name"
                                + " another target.")
                : new Problem(
                        ErrorCode.TARGET_NOT_EMPTY,
                        "The target's table holds rows, and this migration has landed none in it.",
                        Sql.printable(table.text()),
                        "Empty or drop the table, or exclude it.");
    }

    private static boolean holdsRows(Connection connection, TableName table, boolean partitioned) throws SQLException {
        // A partitioned table's rows are in its partitions; an inheriting table's rows are not its parent's.
        String sql = "SELECT EXISTS (SELECT FROM " + (partitioned ? "" : "ONLY ") + Sql.table(table) + ")";
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getBoolean(1);
        }
    }

    private static boolean claimedBy(Connection connection, String whose, String migration, TableName table)
            throws SQLException {
        String sql = "SELECT EXISTS (SELECT FROM godwit.claim WHERE " + whose
                + " AND source_table = ? AND outcome = 'copied')";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, migration);
            statement.setString(2, table.text());
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    private void create(
            Plan plan, Map<TableSpec, TableDefinition> needed, Set<Prerequisite> prerequisites, TargetShape before) {
        for (Prerequisite prerequisite : prerequisites) {
            sessions.durably(place, TargetSessions.SHORT, connection -> {
                TargetTables.lock(connection, LOCK_PREPARE);
                TargetTypes.make(connection, prerequisite);
                return null;
            });
        }
        needed.forEach((table, definition) -> {
            if (!before.has(table.name())) {
                create(plan.name(), table, definition);
            }
        });
    }

    private void create(String migration, TableSpec table, TableDefinition definition) {
        sessions.durably(Sql.printable(table.name().text()), TargetSessions.SHORT, connection -> {
            TargetTables.lock(connection, LOCK_PREPARE);
            if (!TargetShape.read(connection, List.of(table)).has(table.name())) {
                try (Statement statement = connection.createStatement()) {
                    statement.execute(definition.createTable());
                }
                record(connection, migration, table.name(), true);
            }
            return null;
        });
    }

    private void record(String migration, TableName table) {
        sessions.durably(Sql.printable(table.text()), TargetSessions.SHORT, connection -> {
            record(connection, migration, table, false);
            return null;
        });
    }

    private static void record(Connection connection, String migration, TableName table, boolean made)
            throws SQLException {
        String sql = "INSERT INTO godwit.target_table (migration, source_table, made) VALUES (?, ?, ?)"
                + " ON CONFLICT DO NOTHING";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, migration);
            statement.setString(2, table.text());
            statement.setBoolean(3, made);
            statement.executeUpdate();
        }
    }

    private static void refuseIfAny(List<Problem> problems) {
        if (problems.isEmpty()) {
            return;
        }
        Problem first = problems.get(0);
        if (problems.size() == 1) {
            throw new GodwitException(first);
        }
        StringBuilder what = new StringBuilder(problems.size() + " problems: ");
        problems.stream()
                .limit(TOLD)
                .forEach(problem -> what.append(problem.where())
                        .append(": ")
                        .append(problem.what())
                        .append(' '));
        if (problems.size() > TOLD) {
            what.append("and ").append(problems.size() - TOLD).append(" more.");
        }
        throw new GodwitException(first.code(), what.toString().strip(), first.where(), first.fix());
    }
}
