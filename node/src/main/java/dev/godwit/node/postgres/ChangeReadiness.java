package dev.godwit.node.postgres;

import dev.godwit.node.schema.KeysFirst;
import dev.godwit.node.schema.ObjectKind;
import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Everything about a target that would keep changes from being applied, beside what keeps rows from landing. Writes nothing. */
final class ChangeReadiness {
    private static final String TABLES = """
            SELECT n.nspname, c.relname, has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE') AS may,
              EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgenabled IN ('A', 'R')) AS fires,
              EXISTS (SELECT FROM pg_trigger t LEFT JOIN pg_constraint k ON k.oid = t.tgconstraint
                WHERE t.tgrelid = c.oid AND t.tgenabled = 'O' AND (NOT t.tgisinternal OR k.contype = 'f')) AS triggers
            FROM unnest(?::text[], ?::text[]) w(schema, name)
            JOIN pg_namespace n ON n.nspname = w.schema
            JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p')""";

    private static final String UNIQUE_INDEXES = """
            SELECT n.nspname, c.relname, x.relname AS index,
              CASE WHEN i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND m.amname = 'btree'
                THEN (SELECT array_agg(a.attname::text) FROM unnest(i.indkey::int2[]) WITH ORDINALITY p(attnum, place)
                  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = p.attnum WHERE p.place <= i.indnkeyatts)
                END AS columns
            FROM unnest(?::text[], ?::text[]) w(schema, name)
            JOIN pg_namespace n ON n.nspname = w.schema
            JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p')
            JOIN pg_index i ON i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion)
            JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
            ORDER BY n.nspname, c.relname, x.relname""";

    private final Plan plan;
    private final Map<TableName, TableSpec> tables = new LinkedHashMap<>();
    private final List<Problem> problems = new ArrayList<>();

    private ChangeReadiness(Plan plan, List<TableSpec> tables) {
        this.plan = plan;
        for (TableSpec table : tables) {
            if (!LargeObjects.are(table.name())) {
                this.tables.put(table.name(), table);
            }
        }
    }

    /**
     * What the tables that are there say; nothing where the plan captures no changes.
     *
     * @param complete whether all is there that is made before rows
     */
    static List<Problem> of(Connection connection, Plan plan, List<TableSpec> tables, boolean complete)
            throws SQLException {
        if (plan.consistency() != Consistency.ONLINE) {
            return List.of();
        }
        ChangeReadiness readiness = new ChangeReadiness(plan, tables);
        readiness.privileges(connection);
        // Once rows land, indexes may come that were kept away till then.
        boolean begun = TargetTables.present(connection)
                && ClaimTables.entry(connection, plan.name()).isPresent();
        readiness.indexes(connection, complete || !plan.schema().makesTables(), begun);
        return readiness.problems;
    }

    /** What the schema that is to be made says. */
    static List<Problem> of(Connection connection, Plan plan, List<TableSpec> tables, SchemaPlan wanted, String place)
            throws SQLException {
        if (plan.consistency() != Consistency.ONLINE) {
            return List.of();
        }
        List<Problem> problems = new ArrayList<>();
        boolean foreignKeys = wanted.objects().stream().anyMatch(object -> object.kind() == ObjectKind.FOREIGN_KEY);
        if ((foreignKeys || plan.schema() == SchemaMode.DUMP) && !mayTurnTriggersOff(connection)) {
            problems.add(triggers(place, "The schema has foreign keys, or a dump may bring triggers"));
        }
        for (TableName table : KeysFirst.without(wanted, keys(tables))) {
            problems.add(keyMissing(tables.stream()
                    .filter(spec -> spec.name().equals(table))
                    .findFirst()
                    .orElseThrow()));
        }
        return problems;
    }

    /** The columns by which changes find rows, of each table that has such. */
    static Map<TableName, List<String>> keys(List<TableSpec> tables) {
        return tables.stream()
                .filter(table -> !table.keyColumns().isEmpty() && !LargeObjects.are(table.name()))
                .collect(Collectors.toMap(TableSpec::name, TableSpec::keyColumns));
    }

    /** Tries it, since some servers have rules of their own for that. */
    private static boolean mayTurnTriggersOff(Connection connection) throws SQLException {
        Savepoint before = connection.setSavepoint();
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET LOCAL session_replication_role = replica");
            return true;
        } catch (SQLException e) {
            if (!"42501".equals(e.getSQLState())) {
                throw e;
            }
            return false;
        } finally {
            connection.rollback(before);
        }
    }

    private static Problem triggers(String where, String why) {
        return new Problem(
                ErrorCode.TARGET_PRIVILEGE_MISSING,
                why + ", which would act once more on what is applied, and the user may not turn them off.",
                where,
                "Since PostgreSQL 15: GRANT SET ON PARAMETER session_replication_role TO the user; before, a superuser.");
    }

    private void privileges(Connection connection) throws SQLException {
        boolean mayTurnTriggersOff = mayTurnTriggersOff(connection);
        CatalogRows.named(connection, TABLES, tables.keySet(), row -> {
            String where = Sql.printable(new TableName(row.getString(1), row.getString(2)).text());
            if (!row.getBoolean("may")) {
                problems.add(new Problem(
                        ErrorCode.TARGET_PRIVILEGE_MISSING,
                        "The user may not UPDATE and DELETE in the target's table.",
                        where,
                        "Let the user own it, or grant UPDATE and DELETE on it."));
            }
            if (row.getBoolean("fires")) {
                problems.add(new Problem(
                        ErrorCode.TARGET_TABLE_HAS_TRIGGERS,
                        "Triggers of the target's table are enabled for replication (ENABLE ALWAYS or REPLICA), and would"
                                + " act once more on what is applied.",
                        where,
                        "Disable them until the migration is done."));
            }
            if (row.getBoolean("triggers") && !mayTurnTriggersOff) {
                problems.add(triggers(where, "The target's table has triggers or foreign keys"));
            }
        });
    }

    private void indexes(Connection connection, boolean keysAreThere, boolean begun) throws SQLException {
        Set<TableName> present = new HashSet<>();
        CatalogRows.named(
                connection,
                TABLES,
                tables.keySet(),
                row -> present.add(new TableName(row.getString(1), row.getString(2))));
        Set<TableName> keyed = new HashSet<>();
        Map<TableName, List<String>> early = new HashMap<>();
        CatalogRows.named(connection, UNIQUE_INDEXES, tables.keySet(), row -> {
            TableSpec table = tables.get(new TableName(row.getString(1), row.getString(2)));
            List<String> key = table.keyColumns();
            List<String> columns = columns(row);
            boolean holdsKey = !key.isEmpty() && columns.containsAll(key);
            if (holdsKey && columns.size() == key.size()) {
                keyed.add(table.name());
            } else if (!holdsKey && table.method() != CutMethod.WHOLE) {
                // With the key among its columns it has nothing to add; and the rows of one shard are of one moment.
                early.computeIfAbsent(table.name(), any -> new ArrayList<>())
                        .add(Sql.printable(row.getString("index")));
            }
        });
        for (TableSpec table : tables.values()) {
            boolean needsKey = !table.keyColumns().isEmpty() && present.contains(table.name());
            if (keysAreThere && needsKey && !keyed.contains(table.name())) {
                problems.add(keyMissing(table));
            }
            if (!begun && early.containsKey(table.name())) {
                problems.add(new Problem(
                        ErrorCode.TARGET_UNIQUE_TOO_EARLY,
                        "The target's table has unique indexes beside its key, which rows of different moments may break"
                                + " on the way: " + String.join(", ", early.get(table.name())) + ".",
                        Sql.printable(table.name().text()),
                        "Drop them until the migration is in step."));
            }
        }
    }

    private static List<String> columns(ResultSet row) throws SQLException {
        return CatalogRows.texts(row, "columns");
    }

    private static Problem keyMissing(TableSpec table) {
        return new Problem(
                ErrorCode.TARGET_OBJECT_MISSING,
                "The target's table has no unique index of the key's columns: changes could not find their rows.",
                Sql.printable(table.name().text()),
                "Create a unique index of the columns " + Sql.printable(String.join(", ", table.keyColumns())) + ".");
    }
}
