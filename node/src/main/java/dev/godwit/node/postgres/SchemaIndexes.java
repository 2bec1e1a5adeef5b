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
import java.util.List;
import java.util.Map;
import java.util.function.LongPredicate;

/**
 * Reads indexes and the constraints that stand on them. A unique key is an index first, built like any other, and then
 * becomes a constraint without reading a row.
 */
final class SchemaIndexes {
    private static final String INDEXES = """
            SELECT i.indexrelid::bigint AS oid, i.indrelid::bigint AS relation, n.nspname AS schema, c.relname AS name,
              c.relkind = 'I' AS partitioned, pg_get_indexdef(i.indexrelid) AS definition, i.indisvalid AS valid,
              i.indisclustered AS clustered, i.indisreplident AS replica_identity, m.amname AS method,
              k.conname AS constraint_name, k.contype AS constraint_kind,
              pg_get_constraintdef(k.oid) AS constraint_definition, k.condeferrable AS deferrable,
              k.condeferred AS deferred, pi.indrelid::bigint AS parent_relation, pn.nspname AS parent_schema,
              pc.relname AS parent_name, x.description AS comment, kx.description AS constraint_comment,
              s.spcname AS tablespace,
              CASE WHEN i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL AND m.amname = 'btree' THEN
                (SELECT array_agg(a.attname::text ORDER BY p.place) FROM unnest(i.indkey::int2[])
                  WITH ORDINALITY p(attnum, place)
                  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = p.attnum WHERE p.place <= i.indnkeyatts)
                END AS key_columns,
              (SELECT array_agg(a.attnum || ' ' || a.attstattarget ORDER BY a.attnum) FROM pg_attribute a
                WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0) AS statistics
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_am m ON m.oid = c.relam
            LEFT JOIN pg_constraint k ON k.conrelid = i.indrelid AND k.conindid = i.indexrelid
              AND k.contype IN ('p', 'u', 'x')
            LEFT JOIN pg_inherits h ON h.inhrelid = i.indexrelid
            LEFT JOIN pg_index pi ON pi.indexrelid = h.inhparent
            LEFT JOIN pg_class pc ON pc.oid = h.inhparent
            LEFT JOIN pg_namespace pn ON pn.oid = pc.relnamespace
            LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
            LEFT JOIN pg_description x ON x.classoid = 'pg_class'::regclass AND x.objoid = c.oid AND x.objsubid = 0
            LEFT JOIN pg_description kx ON kx.classoid = 'pg_constraint'::regclass AND kx.objoid = k.oid
              AND kx.objsubid = 0
            WHERE i.indrelid = ANY (?::bigint[]::oid[])
            ORDER BY i.indrelid, i.indisprimary DESC, i.indisunique DESC, c.relname""";

    private final Connection connection;
    private final Map<Long, Table> tables;
    private final LongPredicate carried;
    private final List<SchemaDraft> drafts = new ArrayList<>();
    private final List<NotCarried> notCarried = new ArrayList<>();

    SchemaIndexes(Connection connection, Map<Long, Table> tables, LongPredicate carried) {
        this.connection = connection;
        this.tables = tables;
        this.carried = carried;
    }

    void read() throws SQLException {
        List<Long> oids = new ArrayList<>();
        CatalogRows.of(
                connection,
                "SELECT indexrelid::bigint FROM pg_index WHERE indrelid = ANY (?::bigint[]::oid[])",
                tables.keySet(),
                row -> oids.add(row.getLong(1)));
        Map<Long, List<Reference>> references = new HashMap<>(SchemaReferences.of(connection, "pg_class", oids));
        references.values().forEach(its -> its.removeIf(SchemaIndexes::isItsOwn));
        CatalogRows.of(
                connection,
                INDEXES,
                tables.keySet(),
                row -> index(row, references.getOrDefault(row.getLong("oid"), List.of())));
    }

    List<SchemaDraft> drafts() {
        return drafts;
    }

    List<NotCarried> notCarried() {
        return notCarried;
    }

    /** The table that it is on, and the index that it is a partition of. */
    private static boolean isItsOwn(Reference reference) {
        return reference.catalog().equals("pg_class") && !reference.isSequence();
    }

    /** An index while it is read. */
    private record Index(Table table, TableName name, List<String> keyColumns, List<Reference> references) {
        Section section() {
            return table.partitioned() ? Section.END : Section.AFTER;
        }

        String alterTable() {
            return "ALTER TABLE ONLY " + table.quoted() + ' ';
        }

        SchemaDraft draft(ObjectKind kind, Section section, List<String> create) {
            return new SchemaDraft(
                    new SchemaObject(
                            kind,
                            section,
                            name.schema(),
                            name.name(),
                            table.name(),
                            create,
                            List.of(),
                            kind.isKey() ? keyColumns : List.of()),
                    references);
        }
    }

    private void index(ResultSet row, List<Reference> references) throws SQLException {
        Index index = new Index(
                tables.get(row.getLong("relation")),
                new TableName(row.getString("schema"), row.getString("name")),
                CatalogRows.texts(row, "key_columns"),
                references);
        boolean partitioned = row.getBoolean("partitioned");
        if (!partitioned && !row.getBoolean("valid")) {
            notCarried.add(new NotCarried(
                    ObjectKind.INDEX.word(),
                    index.name().text(),
                    "It is not valid: a build of it failed, or goes on."));
            return;
        }
        if (row.getString("constraint_name") == null) {
            drafts.add(index.draft(ObjectKind.INDEX, index.section(), indexStatements(row, index)));
        } else {
            constraint(row, index, partitioned);
        }
        if (row.getString("parent_name") != null && carried.test(row.getLong("parent_relation"))) {
            String sql = "ALTER INDEX "
                    + Sql.table(new TableName(row.getString("parent_schema"), row.getString("parent_name")))
                    + " ATTACH PARTITION " + Sql.table(index.name());
            drafts.add(index.draft(ObjectKind.INDEX_PARTITION, Section.END, List.of(sql)));
        }
        if (row.getBoolean("clustered")) {
            drafts.add(index.draft(
                    ObjectKind.CLUSTER_ORDER,
                    index.section(),
                    List.of(index.alterTable() + "CLUSTER ON "
                            + Sql.ident(index.name().name()))));
        }
        if (row.getBoolean("replica_identity") && index.table().replicaIdentityByIndex()) {
            drafts.add(index.draft(
                    ObjectKind.REPLICA_IDENTITY,
                    index.section(),
                    List.of(index.alterTable() + "REPLICA IDENTITY USING INDEX "
                            + Sql.ident(index.name().name()))));
        }
        if (row.getString("tablespace") != null) {
            notCarried.add(new NotCarried(
                    "tablespace", index.name().text(), "The index is made in the target's default tablespace."));
        }
    }

    private static List<String> indexStatements(ResultSet row, Index index) throws SQLException {
        List<String> create = new ArrayList<>();
        create.add(row.getString("definition"));
        indexSettings(row, index, create);
        return create;
    }

    private static void indexSettings(ResultSet row, Index index, List<String> create) throws SQLException {
        for (String target : CatalogRows.texts(row, "statistics")) {
            String[] pair = target.split(" ", 2);
            create.add("ALTER INDEX " + Sql.table(index.name()) + " ALTER COLUMN " + Integer.parseInt(pair[0])
                    + " SET STATISTICS " + Integer.parseInt(pair[1]));
        }
        if (row.getString("comment") != null) {
            create.add("COMMENT ON INDEX " + Sql.table(index.name()) + " IS " + Sql.literal(row.getString("comment")));
        }
    }

    private void constraint(ResultSet row, Index index, boolean partitioned) throws SQLException {
        String name = Sql.ident(row.getString("constraint_name"));
        ObjectKind kind = switch (row.getString("constraint_kind")) {
            case "p" -> ObjectKind.PRIMARY_KEY;
            case "u" -> ObjectKind.UNIQUE;
            default -> ObjectKind.EXCLUSION;
        };
        // Partitioned tables take no index for a constraint, nor do keys without overlaps, whose indexes are no btrees.
        boolean byIndex = !partitioned
                && kind != ObjectKind.EXCLUSION
                && row.getString("method").equals("btree");
        List<String> create = new ArrayList<>();
        if (byIndex) {
            drafts.add(index.draft(ObjectKind.INDEX, index.section(), indexStatements(row, index)));
            create.add(index.alterTable() + "ADD CONSTRAINT " + name
                    + (kind == ObjectKind.PRIMARY_KEY ? " PRIMARY KEY" : " UNIQUE") + " USING INDEX " + name
                    + (row.getBoolean("deferrable") ? " DEFERRABLE" : "")
                    + (row.getBoolean("deferred") ? " INITIALLY DEFERRED" : ""));
        } else {
            create.add(index.alterTable() + "ADD CONSTRAINT " + name + ' ' + row.getString("constraint_definition"));
            indexSettings(row, index, create);
        }
        if (row.getString("constraint_comment") != null) {
            create.add("COMMENT ON CONSTRAINT " + name + " ON " + index.table().quoted() + " IS "
                    + Sql.literal(row.getString("constraint_comment")));
        }
        drafts.add(index.draft(kind, index.section(), create));
    }
}
