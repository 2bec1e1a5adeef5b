package dev.godwit.node.postgres;

import dev.godwit.node.schema.KeysFirst;
import dev.godwit.node.schema.LeftOut;
import dev.godwit.node.schema.SchemaDump;
import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.node.source.SchemaSource;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Consistency;
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
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Makes the tables that rows land in, with what they need, and proves that they fit and are empty. Repeatable, and safe
 * when several nodes do it.
 */
final class TargetSchema {
    /** So many problems are told in full; beyond it, how many more there are. */
    private static final int TOLD = 20;

    /** Tables that one transaction looks into. */
    private static final int TABLES_AT_ONCE = 100;

    private final TargetSessions sessions;
    private final SchemaBuild build;
    private final ArchiveBuild archive;
    private final String place;

    TargetSchema(TargetSessions sessions, SchemaBuild build, ArchiveBuild archive, String place) {
        this.sessions = sessions;
        this.build = build;
        this.archive = archive;
        this.place = place;
    }

    void prepare(Plan plan, List<TableSpec> tables, SchemaSource source) {
        TargetShape shape = sessions.reading(place, connection -> TargetShape.read(connection, plan.name(), tables));
        boolean make = plan.schema().makesTables();
        refuseIfAny(differences(shape, tables, !make));
        if (make) {
            if (sessions.reading(place, connection -> keepIsDue(connection, plan.name()))) {
                keep(plan, tables, source);
            }
            if (plan.schema() == SchemaMode.DUMP && !shape.rowsAreIn()) {
                archive.beforeRows(plan, tables);
            }
            build.beforeRows(plan.name());
        } else if (tables.stream().anyMatch(TargetSchema::hasTypesOfUsers)) {
            SchemaPlan schema = source.read();
            refuseIfAny(sessions.reading(place, connection -> SchemaFit.types(connection, plan, schema)));
        }
        TargetShape made = sessions.reading(place, connection -> TargetShape.read(connection, plan.name(), tables));
        refuseIfAny(gone(plan.name(), tables, made));
        refuseIfAny(differences(made, tables, true));
        refuseIfAny(sessions.reading(place, connection -> ChangeReadiness.of(connection, plan, tables, true)));
        if (LargeObjects.areAmong(tables)) {
            sessions.durably(place, TargetSessions.SHORT, connection -> {
                TargetTables.lock(connection, TargetTables.LOCK_PREPARE);
                LargeObjectLanding.make(connection);
                return null;
            });
        }
        record(plan.name(), tables, shape);
        refuseIfAny(occupied(plan, tables, made, true));
    }

    /** Once the migration is entered, rows may have landed, and what is kept stays. */
    private static boolean keepIsDue(Connection connection, String migration) throws SQLException {
        return ClaimTables.entry(connection, migration).isEmpty() || !ObjectTable.isKept(connection, migration);
    }

    /** The schema as the source has it now, in place of what an earlier try has kept, which was never entered. */
    private void keep(Plan plan, List<TableSpec> tables, SchemaSource source) {
        SchemaPlan schema = source.read();
        SchemaDump dump = plan.schema() == SchemaMode.DUMP ? dump(plan, source, schema) : null;
        sessions.durably(place, TargetSessions.LONG, connection -> {
            TargetTables.lock(connection, TargetTables.LOCK_PREPARE);
            if (!keepIsDue(connection, plan.name())) {
                return null; // another was faster, and its rows may have landed
            }
            SchemaFit fit = SchemaFit.of(connection, plan, schema, Set.of(), place);
            refuseIfAny(fit.problems());
            // More may be missing on either side than at the check.
            refuseIfAny(LeftOut.problems(fit.wanted().notCarried(), plan.leaveOut()));
            refuseIfAny(ChangeReadiness.of(connection, plan, tables, fit.wanted(), place));
            SchemaPlan wanted = plan.consistency() == Consistency.ONLINE
                    ? KeysFirst.of(fit.wanted(), ChangeReadiness.keys(tables))
                    : fit.wanted();
            ObjectTable.keep(connection, plan.name(), wanted, fit.there());
            if (dump != null) {
                ArchiveTable.keep(connection, plan.name(), schema.serverMajor(), dump);
            }
            return null;
        });
    }

    private SchemaDump dump(Plan plan, SchemaSource source, SchemaPlan schema) {
        record Takes(int major, int entries) {}
        Takes takes = sessions.reading(
                place,
                connection -> new Takes(
                        connection.getMetaData().getDatabaseMajorVersion(), ArchiveRestore.entriesAtOnce(connection)));
        SchemaDump dump = source.dump(schema, takes.major(), takes.entries());
        refuseIfAny(LeftOut.problems(dump.notCarried(), plan.leaveOut()));
        return dump;
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
     * problems. Where changes are applied, a table may be empty because the source's is.
     *
     * @param ownTables whether Godwit's own tables are there; without them nothing is claimed
     */
    List<Problem> occupied(Plan plan, List<TableSpec> tables, TargetShape shape, boolean ownTables) {
        String migration = plan.name();
        boolean mayBeEmptied = plan.consistency() == Consistency.ONLINE;
        List<TableName> comparable = tables.stream()
                .filter(table ->
                        shape.has(table.name()) && shape.differences(table).isEmpty())
                .map(TableSpec::name)
                .toList();
        List<Problem> problems = new ArrayList<>();
        for (int from = 0; from < comparable.size(); from += TABLES_AT_ONCE) {
            List<TableName> some = comparable.subList(from, Math.min(comparable.size(), from + TABLES_AT_ONCE));
            sessions.reading(place, connection -> {
                // Asked before the rows: a shard that lands in between shows its rows, and no false alarm is given.
                Set<TableName> landed = ownTables ? landed(connection, migration, some) : Set.of();
                Set<TableName> holdRows = holdRows(connection, withBlocks(connection, some), shape);
                for (TableName table : some) {
                    if (landed.contains(table) && !holdRows.contains(table) && !mayBeEmptied) {
                        problems.add(emptied(table));
                    } else if (holdRows.contains(table)
                            && !(ownTables && claimedBy(connection, "migration = ?", migration, table))) {
                        problems.add(occupied(
                                table, ownTables && claimedBy(connection, "migration <> ?", migration, table)));
                    }
                }
                return null;
            });
        }
        return problems;
    }

    /** Tables that rows have landed in, and that are not there any more. */
    private List<Problem> gone(String migration, List<TableSpec> tables, TargetShape shape) {
        List<TableName> missing = tables.stream()
                .map(TableSpec::name)
                .filter(name -> !shape.has(name))
                .toList();
        return missing.isEmpty()
                ? List.of()
                : sessions.reading(place, connection -> landed(connection, migration, missing)).stream()
                        .map(TargetSchema::emptied)
                        .toList();
    }

    private static Problem emptied(TableName table) {
        return new Problem(
                ErrorCode.ROWS_DIFFER,
                "The claims of this migration say that rows landed in the target's table, and it is empty or gone.",
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
                        LargeObjects.are(table)
                                ? "lo_unlink the target's large objects, or say largeObjects: false."
                                : "Empty or drop the table, or exclude it.");
    }

    /** Those of which some shard that this migration has landed had rows. */
    private static Set<TableName> landed(Connection connection, String migration, List<TableName> tables)
            throws SQLException {
        String sql = "SELECT t.name FROM unnest(?::text[]) t(name) WHERE EXISTS (SELECT FROM godwit.claim"
                + " WHERE migration = ? AND source_table = t.name AND outcome = 'copied' AND rows > 0)";
        Set<TableName> landed = new LinkedHashSet<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(
                    1,
                    connection.createArrayOf(
                            "text", tables.stream().map(TableName::text).toArray()));
            statement.setString(2, migration);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    landed.add(TableName.parse(row.getString(1)));
                }
            }
        }
        return landed;
    }

    /** Those that may hold rows. Looking into a table costs a good part of making it, and most were made a moment ago. */
    private static List<TableName> withBlocks(Connection connection, List<TableName> tables) throws SQLException {
        String sql = """
                SELECT w.place FROM unnest(?::text[]) WITH ORDINALITY w(name, place)
                JOIN pg_class c ON c.oid = to_regclass(w.name)
                WHERE c.relkind <> 'r' OR pg_relation_size(c.oid) > 0 ORDER BY w.place""";
        List<TableName> some = new ArrayList<>();
        // A large object without data has no row there.
        tables.stream().filter(LargeObjects::are).forEach(some::add);
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(
                    1,
                    connection.createArrayOf(
                            "text", tables.stream().map(Sql::table).toArray()));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    TableName table = tables.get(row.getInt(1) - 1);
                    if (!LargeObjects.are(table)) {
                        some.add(table);
                    }
                }
            }
        }
        return some;
    }

    /** Those that are not empty. Each is locked until the transaction ends, so they may not be too many. */
    private static Set<TableName> holdRows(Connection connection, List<TableName> tables, TargetShape shape)
            throws SQLException {
        if (tables.isEmpty()) {
            return Set.of();
        }
        StringBuilder sql = new StringBuilder();
        for (int i = 0; i < tables.size(); i++) {
            // A partitioned table's rows are in its partitions; an inheriting table's rows are not its parent's.
            sql.append(i == 0 ? "" : " UNION ALL ")
                    .append("SELECT ")
                    .append(i)
                    .append(" WHERE EXISTS (SELECT FROM ")
                    .append(shape.partitioned(tables.get(i)) ? "" : "ONLY ")
                    .append(Sql.table(LargeObjects.readable(tables.get(i))))
                    .append(')');
        }
        Set<TableName> holdRows = new HashSet<>();
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql.toString())) {
            while (row.next()) {
                holdRows.add(tables.get(row.getInt(1)));
            }
        }
        return holdRows;
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

    /** @param before what the target had before its missing tables were made */
    private void record(String migration, List<TableSpec> tables, TargetShape before) {
        String sql = "INSERT INTO godwit.target_table (migration, source_table, made)"
                + " SELECT ?, t.name, t.made FROM unnest(?::text[], ?::bool[]) t(name, made) ON CONFLICT DO NOTHING";
        sessions.durably(place, TargetSessions.SHORT, connection -> {
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setString(1, migration);
                statement.setArray(
                        2,
                        connection.createArrayOf(
                                "text",
                                tables.stream()
                                        .map(table -> table.name().text())
                                        .toArray()));
                statement.setArray(
                        3,
                        connection.createArrayOf(
                                "bool",
                                tables.stream()
                                        .map(table -> !before.has(table.name()))
                                        .toArray()));
                return statement.executeUpdate();
            }
        });
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
