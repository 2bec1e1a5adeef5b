package dev.godwit.node.postgres;

import dev.godwit.node.postgres.SchemaColumns.Column;
import dev.godwit.node.postgres.SchemaDraft.Node;
import dev.godwit.node.postgres.SchemaReferences.Reference;
import dev.godwit.node.schema.NotCarried;
import dev.godwit.node.schema.ObjectKind;
import dev.godwit.node.schema.SchemaObject;
import dev.godwit.node.schema.Section;
import dev.godwit.protocol.table.TableName;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongPredicate;
import java.util.stream.Collectors;

/** Reads tables: plain, partitioned, partitions, inheriting and typed ones. An unlogged one is made logged first. */
final class SchemaTables {
    private static final String TABLES = """
            SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS name, c.relkind = 'p' AS partitioned,
              c.relispartition AS partition, c.relhassubclass AS has_children, c.relpersistence = 'u' AS unlogged,
              c.reloptions AS options, o.reloptions AS toast_options, c.relreplident AS replica_identity,
              a.amname AS access_method, s.spcname AS tablespace,
              CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partition_key,
              CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END AS bound,
              CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS typed,
              x.description AS comment
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_class o ON o.oid = c.reltoastrelid
            LEFT JOIN pg_am a ON a.oid = c.relam
            LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
            LEFT JOIN pg_description x ON x.classoid = 'pg_class'::regclass AND x.objoid = c.oid AND x.objsubid = 0
            WHERE c.oid = ANY (?::bigint[]::oid[])
            ORDER BY n.nspname, c.relname""";

    private static final String PARENTS = """
            SELECT i.inhrelid::bigint AS child, i.inhparent::bigint AS parent, n.nspname AS schema, c.relname AS name
            FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE i.inhrelid = ANY (?::bigint[]::oid[]) ORDER BY i.inhrelid, i.inhseqno""";

    private static final String OWNED_SEQUENCES = """
            SELECT d.refobjid::bigint AS relation, a.attname AS column_name, c.oid::bigint AS sequence,
              n.nspname AS schema, c.relname AS name
            FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
            JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
            WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a'
              AND d.refobjid = ANY (?::bigint[]::oid[]) ORDER BY d.refobjid, n.nspname, c.relname""";

    /** @param quoted name */
    record Parent(long oid, String quoted) {}

    private record OwnedSequence(long oid, String quoted, String column) {}

    /**
     * What other readers have to know of a table.
     *
     * @param parents those that are carried too
     */
    record Table(
            long oid,
            TableName name,
            boolean partitioned,
            boolean partition,
            boolean hasChildren,
            boolean replicaIdentityByIndex,
            List<Parent> parents) {
        String quoted() {
            return Sql.table(name);
        }

        /** Whether it is a partition and its partitioned table is carried too. */
        boolean isAttached() {
            return partition && !parents.isEmpty();
        }

        /** When what depends on its rows is made. */
        Section afterRows() {
            return partitioned || hasChildren ? Section.END : Section.AFTER;
        }
    }

    private final Connection connection;
    private final LongPredicate carried;
    private final Map<Long, Table> tables = new LinkedHashMap<>();
    private final List<SchemaDraft> drafts = new ArrayList<>();
    private final List<NotCarried> notCarried = new ArrayList<>();
    private final Set<Long> sequences = new LinkedHashSet<>();
    private final Set<Long> identities = new LinkedHashSet<>();

    /** @param carried whether the table with this oid is carried, for those that these tables point to */
    SchemaTables(Connection connection, LongPredicate carried) {
        this.connection = connection;
        this.carried = carried;
    }

    void read(Collection<Long> oids) throws SQLException {
        Map<Long, List<Parent>> parents = new HashMap<>();
        Set<Long> withColumns = new LinkedHashSet<>(oids);
        CatalogRows.of(connection, PARENTS, oids, row -> {
            Parent parent = new Parent(
                    row.getLong("parent"), Sql.table(new TableName(row.getString("schema"), row.getString("name"))));
            if (carried.test(parent.oid())) {
                parents.computeIfAbsent(row.getLong("child"), oid -> new ArrayList<>())
                        .add(parent);
                withColumns.add(parent.oid());
            }
        });
        Map<Long, List<OwnedSequence>> owned = new HashMap<>();
        CatalogRows.of(connection, OWNED_SEQUENCES, oids, row -> {
            sequences.add(row.getLong("sequence"));
            owned.computeIfAbsent(row.getLong("relation"), oid -> new ArrayList<>())
                    .add(new OwnedSequence(
                            row.getLong("sequence"),
                            Sql.table(new TableName(row.getString("schema"), row.getString("name"))),
                            row.getString("column_name")));
        });
        Map<Long, List<Column>> columns = SchemaColumns.read(connection, withColumns);
        Map<Long, List<Reference>> references = SchemaReferences.of(connection, "pg_class", oids);
        CatalogRows.of(connection, TABLES, oids, row -> {
            long oid = row.getLong("oid");
            Table table = new Table(
                    oid,
                    new TableName(row.getString("schema"), row.getString("name")),
                    row.getBoolean("partitioned"),
                    row.getBoolean("partition"),
                    row.getBoolean("has_children"),
                    row.getString("replica_identity").equals("i"),
                    parents.getOrDefault(oid, List.of()));
            tables.put(oid, table);
            List<OwnedSequence> its = owned.getOrDefault(oid, List.of());
            List<Reference> all = new ArrayList<>(references.getOrDefault(oid, List.of()));
            its.forEach(sequence -> all.add(new Reference("pg_class", sequence.oid(), "S", null, sequence.quoted())));
            all.removeIf(reference -> reference.catalog().equals("pg_class")
                    && reference.kind().matches("[rp]")
                    && table.parents().stream().noneMatch(parent -> parent.oid() == reference.oid()));
            table(row, table, columns, its, all);
        });
    }

    /** By oid, in the order of names. */
    Map<Long, Table> tables() {
        return tables;
    }

    List<SchemaDraft> drafts() {
        return drafts;
    }

    List<NotCarried> notCarried() {
        return notCarried;
    }

    /** Sequences that columns of the tables own: objects of their own. */
    Set<Long> sequences() {
        return sequences;
    }

    /** Sequences of identity columns: part of their tables. */
    Set<Long> identities() {
        return identities;
    }

    private void table(
            ResultSet row,
            Table table,
            Map<Long, List<Column>> columns,
            List<OwnedSequence> owned,
            List<Reference> references)
            throws SQLException {
        List<Column> its = columns.getOrDefault(table.oid(), List.of());
        InheritedColumns inherited = new InheritedColumns(
                its,
                table.parents().stream()
                        .map(parent -> columns.getOrDefault(parent.oid(), List.of()))
                        .toList());
        boolean inherits = !table.partition() && !table.parents().isEmpty() && inherited.comeByInheriting();
        List<Column> listed = inherits ? inherited.named() : its;
        List<String> create = new ArrayList<>();
        create.add(createTable(row, table, listed, inherits));
        if (!table.partition() && !inherits) {
            table.parents()
                    .forEach(parent -> create.add("ALTER TABLE " + table.quoted() + " INHERIT " + parent.quoted()));
        }
        if (row.getString("typed") != null) {
            create.add("ALTER TABLE " + table.quoted() + " OF " + row.getString("typed"));
        }
        for (Column column : its) {
            column(table, column, !listed.contains(column), create);
        }
        owned.forEach(sequence -> create.add("ALTER SEQUENCE " + sequence.quoted() + " OWNED BY " + table.quoted() + '.'
                + Sql.ident(sequence.column())));
        switch (row.getString("replica_identity")) {
            case "f" -> create.add("ALTER TABLE ONLY " + table.quoted() + " REPLICA IDENTITY FULL");
            case "n" -> create.add("ALTER TABLE ONLY " + table.quoted() + " REPLICA IDENTITY NOTHING");
            default -> {
                // The primary key's, or an index's, which comes once that is there.
            }
        }
        if (row.getString("comment") != null) {
            create.add("COMMENT ON TABLE " + table.quoted() + " IS " + Sql.literal(row.getString("comment")));
        }
        List<Reference> all = new ArrayList<>(references);
        its.stream()
                .filter(column -> !column.separate() || column.isGenerated())
                .forEach(column -> all.addAll(column.references()));
        drafts.add(new SchemaDraft(
                object(ObjectKind.TABLE, Section.BEFORE, table, table.name().name(), create)
                        .shaped(its.stream()
                                .map(column -> Sql.ident(column.name()) + ' ' + column.typed())
                                .toList()),
                new Node("pg_class", table.oid()),
                all));
        attach(row, table);
        unlogged(row, table);
        if (row.getString("tablespace") != null) {
            notCarried.add(new NotCarried(
                    "tablespace", table.name().text(), "The table is made in the target's default tablespace."));
        }
    }

    private void attach(ResultSet row, Table table) throws SQLException {
        if (table.isAttached()) {
            String sql = "ALTER TABLE ONLY " + table.parents().get(0).quoted() + " ATTACH PARTITION " + table.quoted()
                    + ' ' + row.getString("bound");
            drafts.add(new SchemaDraft(
                    object(
                            ObjectKind.PARTITION,
                            Section.BEFORE,
                            table,
                            table.name().name(),
                            List.of(sql)),
                    List.of()));
        }
    }

    private void unlogged(ResultSet row, Table table) throws SQLException {
        if (row.getBoolean("unlogged") && !table.partitioned()) {
            String sql = "ALTER TABLE " + table.quoted() + " SET UNLOGGED";
            drafts.add(new SchemaDraft(
                    object(
                            ObjectKind.PERSISTENCE,
                            Section.END,
                            table,
                            table.name().name(),
                            List.of(sql)),
                    List.of()));
        }
    }

    private static String createTable(ResultSet row, Table table, List<Column> columns, boolean inherits)
            throws SQLException {
        StringBuilder sql = new StringBuilder("CREATE TABLE ").append(table.quoted());
        sql.append(columns.stream().map(Column::definition).collect(Collectors.joining(", ", " (", ")")));
        if (inherits) {
            sql.append(
                    table.parents().stream().map(Parent::quoted).collect(Collectors.joining(", ", " INHERITS (", ")")));
        }
        if (table.partitioned()) {
            sql.append(" PARTITION BY ").append(row.getString("partition_key"));
        }
        String method = row.getString("access_method");
        if (method != null && !method.equals("heap")) {
            sql.append(" USING ").append(Sql.ident(method));
        }
        List<String> options = new ArrayList<>(options(CatalogRows.texts(row, "options"), ""));
        options.addAll(options(CatalogRows.texts(row, "toast_options"), "toast."));
        if (!options.isEmpty()) {
            sql.append(" WITH (").append(String.join(", ", options)).append(')');
        }
        return sql.toString();
    }

    /** From {@code name=value}. */
    static List<String> options(List<String> options, String prefix) {
        return options.stream()
                .map(option -> option.split("=", 2))
                .map(pair -> prefix + Sql.ident(pair[0]) + " = " + Sql.literal(pair[1]))
                .toList();
    }

    /** What CREATE TABLE does not say of a column. */
    private void column(Table table, Column column, boolean fromParent, List<String> create) {
        String alter = "ALTER TABLE ONLY " + table.quoted() + " ALTER COLUMN " + Sql.ident(column.name()) + ' ';
        if (fromParent && !column.isGenerated()) {
            if (column.identity() != null) {
                create.add(alter + "DROP DEFAULT");
                create.add(alter + "SET NOT NULL");
                create.add(alter + "ADD " + column.identityClause());
            } else {
                boolean has = column.expression() != null && !column.separate();
                create.add(alter + (has ? "SET DEFAULT " + column.expression() : "DROP DEFAULT"));
                if (column.notNull()) {
                    create.add(alter + "SET NOT NULL");
                }
            }
        }
        if (!column.storage().equals(column.usualStorage())
                || fromParent && !column.usualStorage().equals("p")) {
            create.add(alter + "SET STORAGE " + storage(column.storage()));
        }
        if (!column.compression().isEmpty()) {
            create.add(alter + "SET COMPRESSION " + (column.compression().equals("l") ? "lz4" : "pglz"));
        }
        if (column.statistics() >= 0) {
            create.add(alter + "SET STATISTICS " + column.statistics());
        }
        if (!column.options().isEmpty()) {
            create.add(alter + "SET (" + String.join(", ", options(column.options(), "")) + ")");
        }
        if (column.comment() != null) {
            create.add("COMMENT ON COLUMN " + table.quoted() + '.' + Sql.ident(column.name()) + " IS "
                    + Sql.literal(column.comment()));
        }
        if (column.identity() != null) {
            identities.add(column.identity().oid());
            SchemaSequences.comment(
                    create, column.identity().comment(), column.identity().quoted());
        }
        if (column.expression() != null && column.separate() && !column.isGenerated()) {
            drafts.add(new SchemaDraft(
                    object(
                            ObjectKind.COLUMN_DEFAULT,
                            Section.BEFORE,
                            table,
                            column.name(),
                            List.of(alter + "SET DEFAULT " + column.expression())),
                    column.references()));
        }
    }

    private static String storage(String letter) {
        return switch (letter) {
            case "p" -> "PLAIN";
            case "e" -> "EXTERNAL";
            case "x" -> "EXTENDED";
            default -> "MAIN";
        };
    }

    private static SchemaObject object(
            ObjectKind kind, Section section, Table table, String name, List<String> create) {
        return new SchemaObject(kind, section, table.name().schema(), name, table.name(), create, List.of());
    }
}
