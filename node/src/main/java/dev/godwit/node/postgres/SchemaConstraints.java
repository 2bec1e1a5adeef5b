package dev.godwit.node.postgres;

import dev.godwit.node.postgres.SchemaReferences.Reference;
import dev.godwit.node.postgres.SchemaTables.Table;
import dev.godwit.node.schema.NotCarried;
import dev.godwit.node.schema.ObjectKind;
import dev.godwit.node.schema.SchemaObject;
import dev.godwit.node.schema.Section;
import dev.godwit.protocol.table.TableName;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongPredicate;
import java.util.stream.Collectors;

/** Reads checks, foreign keys and extended statistics of tables. */
final class SchemaConstraints {
    private static final String CONSTRAINTS = """
            SELECT k.oid::bigint AS oid, k.conrelid::bigint AS relation, k.conname AS name, k.contype = 'c' AS is_check,
              pg_get_constraintdef(k.oid) AS definition, k.convalidated AS validated, k.conislocal AS local,
              k.confrelid::bigint AS referenced, fn.nspname AS referenced_schema, fc.relname AS referenced_name,
              fc.relkind = 'p' AS references_partitioned,
              pk.conrelid::bigint AS parent_relation, x.description AS comment,
              (SELECT array_agg(h.inhparent::bigint::text) FROM pg_inherits h JOIN pg_constraint p
                ON p.conrelid = h.inhparent AND p.contype = 'c' AND p.conname = k.conname AND NOT p.connoinherit
                WHERE h.inhrelid = k.conrelid) AS inherited_from
            FROM pg_constraint k
            LEFT JOIN pg_constraint pk ON k.conparentid <> 0 AND pk.oid = k.conparentid
            LEFT JOIN pg_class fc ON fc.oid = k.confrelid LEFT JOIN pg_namespace fn ON fn.oid = fc.relnamespace
            LEFT JOIN pg_description x ON x.classoid = 'pg_constraint'::regclass AND x.objoid = k.oid AND x.objsubid = 0
            WHERE k.conrelid = ANY (?::bigint[]::oid[]) AND k.contype IN ('c', 'f')
            ORDER BY k.conrelid, k.contype, k.conname""";

    private static final String STATISTICS = """
            SELECT s.oid::bigint AS oid, s.stxrelid::bigint AS relation, n.nspname AS schema, s.stxname AS name,
              pg_get_statisticsobjdef(s.oid) AS definition, %s AS target, x.description AS comment
            FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
            LEFT JOIN pg_description x ON x.classoid = 'pg_statistic_ext'::regclass AND x.objoid = s.oid
              AND x.objsubid = 0
            WHERE s.stxrelid = ANY (?::bigint[]::oid[]) ORDER BY s.stxrelid, n.nspname, s.stxname""";

    private final Connection connection;
    private final Map<Long, Table> tables;
    private final LongPredicate carried;
    private final List<SchemaDraft> drafts = new ArrayList<>();
    private final List<SchemaDraft> foreignKeys = new ArrayList<>();
    private final List<SchemaDraft> validations = new ArrayList<>();
    private final List<NotCarried> notCarried = new ArrayList<>();

    SchemaConstraints(Connection connection, Map<Long, Table> tables, LongPredicate carried) {
        this.connection = connection;
        this.tables = tables;
        this.carried = carried;
    }

    void read() throws SQLException {
        Map<Long, List<Reference>> references = references(
                "pg_constraint",
                "SELECT oid::bigint FROM pg_constraint WHERE conrelid = ANY (?::bigint[]::oid[]) AND contype IN ('c', 'f')");
        Map<Table, Checks> checks = new LinkedHashMap<>();
        CatalogRows.of(connection, CONSTRAINTS, tables.keySet(), row -> {
            Table table = tables.get(row.getLong("relation"));
            List<Reference> its = references.getOrDefault(row.getLong("oid"), List.of());
            if (row.getBoolean("is_check")) {
                if (isItsOwn(row, table)) {
                    check(row, checks.computeIfAbsent(table, Checks::new), its);
                }
            } else {
                foreignKey(row, table, its);
            }
        });
        checks.values().forEach(its -> drafts.addAll(its.drafts()));
        statistics();
    }

    /** Checks, statistics, then foreign keys, then their validations. */
    List<SchemaDraft> drafts() {
        List<SchemaDraft> all = new ArrayList<>(drafts);
        all.addAll(foreignKeys);
        all.addAll(validations);
        return all;
    }

    List<NotCarried> notCarried() {
        return notCarried;
    }

    private Map<Long, List<Reference>> references(String catalog, String ofTables) throws SQLException {
        List<Long> oids = new ArrayList<>();
        CatalogRows.of(connection, ofTables, tables.keySet(), row -> oids.add(row.getLong(1)));
        Map<Long, List<Reference>> references = new HashMap<>(SchemaReferences.of(connection, catalog, oids));
        references
                .values()
                .forEach(its ->
                        its.removeIf(reference -> reference.catalog().equals("pg_class") && !reference.isSequence()));
        return references;
    }

    /**
     * Whether it is made on this table and not by its parent's. A partition gets its checks once its own rows are in,
     * which spares the parent's to read them; to an inheriting table that would say that they are its own.
     */
    private boolean isItsOwn(ResultSet row, Table table) throws SQLException {
        return row.getBoolean("local")
                || table.isAttached() && !table.partitioned()
                || CatalogRows.texts(row, "inherited_from").stream()
                        .mapToLong(Long::parseLong)
                        .noneMatch(carried);
    }

    /** A table's checks. */
    private static final class Checks {
        private final Table table;
        private final List<String> together = new ArrayList<>();
        private final List<String> comments = new ArrayList<>();
        private final List<Reference> references = new ArrayList<>();
        private final List<SchemaDraft> alone = new ArrayList<>();

        Checks(Table table) {
            this.table = table;
        }

        List<SchemaDraft> drafts() {
            List<SchemaDraft> all = new ArrayList<>();
            if (!together.isEmpty()) {
                List<String> create = new ArrayList<>();
                create.add("ALTER TABLE " + table.quoted() + ' '
                        + together.stream().map(check -> "ADD " + check).collect(Collectors.joining(", ")));
                create.addAll(comments);
                all.add(new SchemaDraft(
                        new SchemaObject(
                                ObjectKind.CHECKS,
                                table.afterRows(),
                                table.name().schema(),
                                table.name().name(),
                                table.name(),
                                create,
                                List.of()),
                        references));
            }
            all.addAll(alone);
            return all;
        }
    }

    private static void check(ResultSet row, Checks checks, List<Reference> references) throws SQLException {
        Table table = checks.table;
        String name = row.getString("name");
        String check = "CONSTRAINT " + Sql.ident(name) + ' ' + row.getString("definition");
        List<String> comment = comment(row, table);
        boolean safe = references.stream()
                .allMatch(reference -> reference.extension() == null
                        && (reference.catalog().equals("pg_type")
                                || reference.catalog().equals("pg_collation")));
        if (safe) {
            checks.together.add(check);
            checks.comments.addAll(comment);
            checks.references.addAll(references);
        } else {
            List<String> create = new ArrayList<>(List.of("ALTER TABLE " + table.quoted() + " ADD " + check));
            create.addAll(comment);
            checks.alone.add(new SchemaDraft(
                    new SchemaObject(
                            ObjectKind.CHECK,
                            table.afterRows(),
                            table.name().schema(),
                            name,
                            table.name(),
                            create,
                            List.of()),
                    references));
        }
    }

    private static List<String> comment(ResultSet row, Table table) throws SQLException {
        return row.getString("comment") == null
                ? List.of()
                : List.of("COMMENT ON CONSTRAINT " + Sql.ident(row.getString("name")) + " ON " + table.quoted() + " IS "
                        + Sql.literal(row.getString("comment")));
    }

    /** Those that PostgreSQL itself makes of another, for a partition on either side, are left to it. */
    private void foreignKey(ResultSet row, Table table, List<Reference> references) throws SQLException {
        long parent = row.getLong("parent_relation");
        if (parent != 0 && (parent == table.oid() || carried.test(parent))) {
            return;
        }
        String name = row.getString("name");
        if (!carried.test(row.getLong("referenced"))) {
            TableName referenced = new TableName(row.getString("referenced_schema"), row.getString("referenced_name"));
            notCarried.add(new NotCarried(
                    ObjectKind.FOREIGN_KEY.word(),
                    table.name().text() + ' ' + name,
                    "The table that it points to is not carried: " + referenced.text() + "."));
            return;
        }
        String definition = row.getString("definition");
        boolean validated = row.getBoolean("validated");
        // Refused on a partitioned table; and of one that points to a partitioned table, VALIDATE leaves the
        // constraints on the partitions as they are.
        boolean atOnce = table.partitioned() || row.getBoolean("references_partitioned");
        String unseen = atOnce || definition.endsWith(" NOT VALID") ? "" : " NOT VALID";
        String alter = "ALTER TABLE " + (table.partitioned() ? "" : "ONLY ") + table.quoted();
        List<String> create = new ArrayList<>();
        create.add(alter + " ADD CONSTRAINT " + Sql.ident(name) + ' ' + definition + unseen);
        create.addAll(comment(row, table));
        foreignKeys.add(new SchemaDraft(foreignKey(ObjectKind.FOREIGN_KEY, table, name, create), references));
        if (validated && !atOnce) {
            validations.add(new SchemaDraft(
                    foreignKey(
                            ObjectKind.FOREIGN_KEY_VALIDATION,
                            table,
                            name,
                            List.of(alter + " VALIDATE CONSTRAINT " + Sql.ident(name))),
                    references));
        }
    }

    private static SchemaObject foreignKey(ObjectKind kind, Table table, String name, List<String> create) {
        return new SchemaObject(kind, Section.END, table.name().schema(), name, table.name(), create, List.of());
    }

    private void statistics() throws SQLException {
        Map<Long, List<Reference>> references = references(
                "pg_statistic_ext",
                "SELECT oid::bigint FROM pg_statistic_ext WHERE stxrelid = ANY (?::bigint[]::oid[])");
        String target =
                connection.getMetaData().getDatabaseMajorVersion() >= 13 ? "coalesce(s.stxstattarget, -1)" : "-1";
        CatalogRows.of(connection, STATISTICS.formatted(target), tables.keySet(), row -> {
            Table table = tables.get(row.getLong("relation"));
            TableName name = new TableName(row.getString("schema"), row.getString("name"));
            List<String> create = new ArrayList<>();
            create.add(row.getString("definition"));
            if (row.getInt("target") >= 0) {
                create.add("ALTER STATISTICS " + Sql.table(name) + " SET STATISTICS " + row.getInt("target"));
            }
            if (row.getString("comment") != null) {
                create.add("COMMENT ON STATISTICS " + Sql.table(name) + " IS " + Sql.literal(row.getString("comment")));
            }
            drafts.add(new SchemaDraft(
                    new SchemaObject(
                            ObjectKind.STATISTICS,
                            table.afterRows(),
                            name.schema(),
                            name.name(),
                            table.name(),
                            create,
                            List.of()),
                    references.getOrDefault(row.getLong("oid"), List.of())));
        });
    }
}
