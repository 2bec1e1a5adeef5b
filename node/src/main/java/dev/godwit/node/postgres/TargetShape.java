package dev.godwit.node.postgres;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The target's tables as its catalogs show them, and how they differ from what a copy needs. Only reads. */
final class TargetShape {
    private record Found(
            long oid, String kind, boolean unlogged, boolean mayInsert, boolean maySelect, boolean rowSecurity) {}

    private record Column(String type, boolean demanded, boolean generated) {}

    private final boolean rowsAreIn;
    private final Map<TableName, Found> found = new HashMap<>();
    private final Map<Long, Map<String, Column>> columns = new HashMap<>();
    private final Map<Long, List<String>> triggers = new HashMap<>();

    private TargetShape(boolean rowsAreIn) {
        this.rowsAreIn = rowsAreIn;
    }

    /**
     * A few statements, however many tables there are.
     *
     * @param migration whose rows are to land: where its schema's end has begun, all have, and what the end makes is in
     *     nobody's way
     */
    static TargetShape read(Connection connection, String migration, List<TableSpec> tables) throws SQLException {
        boolean rowsAreIn = TargetTables.present(connection) && ObjectTable.endHasBegun(connection, migration);
        TargetShape shape = new TargetShape(rowsAreIn);
        shape.readTables(connection, tables);
        Object[] oids = shape.found.values().stream().map(Found::oid).toArray();
        shape.readColumns(connection, oids);
        shape.readTriggers(connection, oids);
        return shape;
    }

    /** Whether nothing is to land any more, so that what keeps rows out or loses them is in nobody's way. */
    boolean rowsAreIn() {
        return rowsAreIn;
    }

    /** Every database has large objects, as one may say: they are no table that somebody has to make. */
    boolean has(TableName table) {
        return found.containsKey(table) || LargeObjects.are(table);
    }

    boolean partitioned(TableName table) {
        return found.containsKey(table) && found.get(table).kind().equals("p");
    }

    /** Everything about one table that would keep its rows out. Empty for a table that is not there. */
    List<Problem> differences(TableSpec table) {
        List<Problem> problems = new ArrayList<>();
        Found there = found.get(table.name());
        if (there == null) {
            return problems;
        }
        String where = Sql.printable(table.name().text());
        kind(there, where, problems);
        privileges(there, where, problems);
        Map<String, Column> theirs = columns.getOrDefault(there.oid(), Map.of());
        for (ColumnSpec column : table.columns()) {
            column(column, theirs.get(column.name()), where, problems);
        }
        demanded(table, theirs, where, problems);
        if (!rowsAreIn) {
            unlogged(there, where, problems);
            triggers(triggers.getOrDefault(there.oid(), List.of()), where, problems);
        }
        return problems;
    }

    private static void kind(Found there, String where, List<Problem> problems) {
        if (!there.kind().equals("r") && !there.kind().equals("p")) {
            problems.add(new Problem(
                    ErrorCode.TARGET_TABLE_MISSING,
                    "What has this name in the target is not a table (relkind " + there.kind() + ").",
                    where,
                    "Rename it, or make a table."));
        }
    }

    private static void unlogged(Found there, String where, List<Problem> problems) {
        if (there.unlogged()) {
            problems.add(new Problem(
                    ErrorCode.TARGET_TABLE_MISSING,
                    "The target's table is unlogged: a crash would empty it and leave its claims.",
                    where,
                    "ALTER TABLE … SET LOGGED; make it unlogged again when the migration is done."));
        }
    }

    private static void privileges(Found there, String where, List<Problem> problems) {
        if (!there.mayInsert() || !there.maySelect()) {
            problems.add(new Problem(
                    ErrorCode.TARGET_PRIVILEGE_MISSING,
                    "The user may not " + (there.mayInsert() ? "SELECT from" : "INSERT into") + " the target's table.",
                    where,
                    "Let the user own it, or grant USAGE on its schema and SELECT and INSERT on the table."));
        }
        if (there.rowSecurity()) {
            problems.add(new Problem(
                    ErrorCode.TARGET_PRIVILEGE_MISSING,
                    "Row-level security of the target's table applies to the user: COPY refuses that.",
                    where,
                    "Let the user own the table, or give it BYPASSRLS."));
        }
    }

    private static void column(ColumnSpec wanted, Column there, String where, List<Problem> problems) {
        String name = Sql.printable(wanted.name());
        if (there == null) {
            problems.add(new Problem(
                    ErrorCode.TARGET_COLUMN_MISSING,
                    "The target's table has no column " + name + " of type " + wanted.type() + ".",
                    where,
                    "Add the column."));
        } else if (there.generated()) {
            problems.add(new Problem(
                    ErrorCode.TARGET_COLUMN_TYPE,
                    "Column " + name + " is generated in the target and not in the source.",
                    where,
                    "Make it a plain column."));
        } else if (!there.type().equals(wanted.type())) {
            problems.add(new Problem(
                    ErrorCode.TARGET_COLUMN_TYPE,
                    "Column " + name + " is " + wanted.type() + " in the source and " + there.type()
                            + " in the target.",
                    where,
                    "Give it the source's type."));
        }
    }

    /** Columns that the source lacks and that the target does not fill by itself. */
    private static void demanded(TableSpec table, Map<String, Column> theirs, String where, List<Problem> problems) {
        List<String> ours = table.columns().stream().map(ColumnSpec::name).toList();
        theirs.forEach((name, column) -> {
            boolean listed = ours.contains(name);
            if (!listed && column.demanded()) {
                problems.add(new Problem(
                        ErrorCode.TARGET_COLUMN_MISSING,
                        "The target's column " + Sql.printable(name)
                                + " is NOT NULL without a default, and no column of the source fills it.",
                        where,
                        "Give it a default, or drop NOT NULL."));
            } else if (!listed && ours.isEmpty() && !column.generated()) {
                problems.add(new Problem(
                        ErrorCode.TARGET_COLUMN_TYPE,
                        "The source's rows have no fields, and the target's table has column " + Sql.printable(name)
                                + ".",
                        where,
                        "Drop the column."));
            }
        });
    }

    private static void triggers(List<String> names, String where, List<Problem> problems) {
        if (!names.isEmpty()) {
            problems.add(new Problem(
                    ErrorCode.TARGET_TABLE_HAS_TRIGGERS,
                    "Triggers or foreign keys of the target's table would fire for every row: "
                            + String.join(", ", names) + ".",
                    where,
                    "Disable the triggers and drop the foreign keys until the migration is done."));
        }
    }

    private void readTables(Connection connection, List<TableSpec> tables) throws SQLException {
        String sql = """
                SELECT n.nspname, c.relname, c.oid::bigint, c.relkind, c.relpersistence = 'u',
                  has_table_privilege(c.oid, 'INSERT') AND has_schema_privilege(n.oid, 'USAGE'),
                  has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE'),
                  row_security_active(c.oid)
                FROM unnest(?::text[], ?::text[]) w(schema, name)
                JOIN pg_namespace n ON n.nspname = w.schema
                JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name""";
        CatalogRows.named(
                connection,
                sql,
                tables.stream()
                        .map(TableSpec::name)
                        .filter(name -> !LargeObjects.are(name))
                        .toList(),
                row -> found.put(
                        new TableName(row.getString(1), row.getString(2)),
                        new Found(
                                row.getLong(3),
                                row.getString(4),
                                row.getBoolean(5),
                                row.getBoolean(6),
                                row.getBoolean(7),
                                row.getBoolean(8))));
    }

    private void readColumns(Connection connection, Object[] oids) throws SQLException {
        String sql = """
                SELECT attrelid::bigint, attname, format_type(atttypid, atttypmod),
                  attnotnull AND NOT atthasdef AND attidentity = '' AND attgenerated = '', attgenerated <> ''
                FROM pg_attribute WHERE attrelid = ANY (?::bigint[]::oid[]) AND attnum > 0 AND NOT attisdropped""";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(1, connection.createArrayOf("bigint", oids));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    columns.computeIfAbsent(row.getLong(1), oid -> new HashMap<>())
                            .put(row.getString(2), new Column(row.getString(3), row.getBoolean(4), row.getBoolean(5)));
                }
            }
        }
    }

    /**
     * Bit 4 of tgtype: fires on INSERT. Of the internal ones only those of foreign keys check rows one by one. A
     * partitioned table's rows meet those of its partitions too.
     */
    private void readTriggers(Connection connection, Object[] oids) throws SQLException {
        String sql = """
                SELECT DISTINCT w.oid::bigint, coalesce(k.conname, t.tgname) FROM unnest(?::bigint[]::oid[]) w(oid)
                CROSS JOIN LATERAL (SELECT w.oid UNION SELECT p.relid FROM pg_partition_tree(w.oid) p) r(oid)
                JOIN pg_trigger t ON t.tgrelid = r.oid
                LEFT JOIN pg_constraint k ON k.oid = t.tgconstraint AND k.contype = 'f'
                WHERE t.tgenabled IN ('O', 'A') AND t.tgtype & 4 <> 0
                  AND (NOT t.tgisinternal OR k.oid IS NOT NULL) ORDER BY 2""";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(1, connection.createArrayOf("bigint", oids));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    triggers.computeIfAbsent(row.getLong(1), oid -> new ArrayList<>())
                            .add(Sql.printable(row.getString(2)));
                }
            }
        }
    }
}
