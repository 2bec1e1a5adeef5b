package dev.godwit.node.postgres;

import dev.godwit.node.postgres.SchemaDraft.Node;
import dev.godwit.node.postgres.SchemaReferences.Reference;
import dev.godwit.node.postgres.SchemaTables.Table;
import dev.godwit.node.schema.DependencyOrder;
import dev.godwit.node.schema.Need;
import dev.godwit.node.schema.NotCarried;
import dev.godwit.node.schema.ObjectKind;
import dev.godwit.node.schema.Rights;
import dev.godwit.node.schema.SchemaObject;
import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.node.schema.Section;
import dev.godwit.protocol.plan.Plan;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongPredicate;
import java.util.stream.Collectors;

/**
 * Reads from the catalogs everything that is made for a plan's tables. The number of statements grows with the tables'
 * number by a thousandth. Sessions have an empty search path, so the server qualifies every name that it prints.
 */
final class SchemaReader {
    private final Connection connection;
    private final LongPredicate carried;
    private final List<NotCarried> notCarried = new ArrayList<>();
    private final Set<SchemaObject.Key> rowTypes = new HashSet<>();

    private SchemaReader(Connection connection, LongPredicate carried) {
        this.connection = connection;
        this.carried = carried;
    }

    /** What is to be read, by oids. Sequences, types and collations are those that no table asks for. */
    record Seeds(Set<Long> tables, Set<Long> sequences, Set<Long> types, Set<Long> collations) {}

    /** All that the plan's patterns mean: tables and partitioned tables, and sequences, types and collations. */
    static SchemaPlan read(Connection connection, Plan plan) throws SQLException {
        SchemaSelection selection = SchemaSelection.read(connection, plan);
        Set<Long> tables = selection.seeds().tables();
        SchemaReader reader = new SchemaReader(connection, tables::contains);
        SchemaPlan read = reader.read(selection.seeds());
        List<NotCarried> left = new ArrayList<>(SchemaLeftOut.read(connection, selection));
        left.removeIf(gap -> plan.owners() && gap.kind().equals("owner"));
        left.removeIf(gap -> plan.grants() && gap.kind().equals("grants"));
        left.addAll(read.notCarried());
        SchemaRights rights = SchemaRights.read(connection, plan, read.objects());
        List<SchemaObject> objects = new ArrayList<>(read.objects());
        objects.addAll(rights.objects());
        return new SchemaPlan(
                read.serverMajor(), objects, left, read.rowTypes(), rights.rights(), extensions(connection));
    }

    /** Those that the database has, in order, with the schema that each is in. */
    static Map<String, String> extensions(Connection connection) throws SQLException {
        Map<String, String> extensions = new TreeMap<>();
        CatalogRows.all(
                connection,
                "SELECT e.extname, n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace",
                row -> extensions.put(row.getString(1), row.getString(2)));
        return extensions;
    }

    /** Of these alone, with all that they point to taken for carried: to compare one object with another side's. */
    static List<SchemaObject> read(Connection connection, Seeds seeds) throws SQLException {
        return new SchemaReader(connection, oid -> true).read(seeds).objects();
    }

    private SchemaPlan read(Seeds seeds) throws SQLException {
        SchemaTables tables = new SchemaTables(connection, carried);
        tables.read(seeds.tables());
        SchemaIndexes indexes = new SchemaIndexes(connection, tables.tables(), carried);
        indexes.read();
        SchemaConstraints constraints = new SchemaConstraints(connection, tables.tables(), carried);
        constraints.read();
        notCarried.addAll(tables.notCarried());
        notCarried.addAll(indexes.notCarried());
        notCarried.addAll(constraints.notCarried());

        List<SchemaDraft> ofTables = new ArrayList<>(tables.drafts());
        ofTables.addAll(indexes.drafts());
        ofTables.addAll(constraints.drafts());
        SchemaTypes types = new SchemaTypes(connection);
        Set<Long> wanted = new LinkedHashSet<>(seeds.types());
        wanted.addAll(referred(ofTables, "pg_type"));
        types.read(wanted);

        List<SchemaDraft> all = new ArrayList<>(types.drafts());
        all.addAll(ofTables);
        Set<Long> sequences = new LinkedHashSet<>(seeds.sequences());
        sequences.addAll(tables.sequences());
        sequences.addAll(sequences(all));
        Set<Long> collations = new LinkedHashSet<>(seeds.collations());
        collations.addAll(referred(all, "pg_collation"));
        all.addAll(0, SchemaSequences.read(connection, sequences));
        all.addAll(0, SchemaCollations.read(connection, collations));

        List<SchemaObject> objects = ordered(all, types);
        tables.tables().values().forEach(table -> analysis(table, objects));
        sequences.addAll(tables.identities());
        objects.addAll(SchemaSequences.positions(connection, sequences, carried, notCarried));
        int major = connection.getMetaData().getDatabaseMajorVersion();
        return new SchemaPlan(major, sorted(objects), notCarried, rowTypes, Rights.NONE, Map.of());
    }

    /** Oids of users' objects of a catalog that belong to no extension. */
    private static Set<Long> referred(Collection<SchemaDraft> drafts, String catalog) {
        return drafts.stream()
                .flatMap(draft -> draft.references().stream())
                .filter(reference -> reference.catalog().equals(catalog) && reference.extension() == null)
                .map(Reference::oid)
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    private static Set<Long> sequences(Collection<SchemaDraft> drafts) {
        return drafts.stream()
                .flatMap(draft -> draft.references().stream())
                .filter(Reference::isSequence)
                .map(Reference::oid)
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    /** With their needs; what others may depend on in an order in which it can be made. */
    private List<SchemaObject> ordered(List<SchemaDraft> drafts, SchemaTypes types) {
        Map<Node, SchemaObject> nodes = new LinkedHashMap<>();
        Map<Node, Set<Node>> dependsOn = new HashMap<>();
        drafts.stream().filter(draft -> draft.node() != null).forEach(draft -> nodes.put(draft.node(), draft.object()));
        List<SchemaObject> rest = new ArrayList<>();
        for (SchemaDraft draft : drafts) {
            Set<Node> its = new LinkedHashSet<>();
            Set<Need> needs = new LinkedHashSet<>();
            for (Reference reference : draft.references()) {
                Node node = node(reference, types);
                if (node != null && (nodes.containsKey(node) || node.equals(draft.node()))) {
                    its.add(node);
                    if (reference.catalog().equals("pg_type") && node.catalog().equals("pg_class")) {
                        rowTypes.add(nodes.get(node).key());
                    }
                } else {
                    Need need = reference.catalog().equals("pg_type") ? types.need(reference.oid()) : null;
                    needs.add(need != null ? need : reference.need());
                }
            }
            SchemaObject object = draft.object().with(List.copyOf(needs));
            if (draft.node() == null) {
                rest.add(object);
            } else {
                nodes.put(draft.node(), object);
                dependsOn.put(draft.node(), its);
            }
        }
        DependencyOrder<Node> order = DependencyOrder.of(List.copyOf(nodes.keySet()), dependsOn);
        for (Node circular : order.circular()) {
            SchemaObject object = nodes.get(circular);
            notCarried.add(
                    new NotCarried(object.kind().word(), object.identity(), "It depends on itself by way of others."));
        }
        List<SchemaObject> objects = new ArrayList<>();
        order.ordered().forEach(node -> objects.add(nodes.get(node)));
        List<SchemaObject> all = schemas(objects);
        all.addAll(objects);
        all.addAll(rest);
        return all;
    }

    private static Node node(Reference reference, SchemaTypes types) {
        return switch (reference.catalog()) {
            case "pg_type" -> types.node(reference.oid());
            case "pg_class", "pg_collation" ->
                reference.extension() == null ? new Node(reference.catalog(), reference.oid()) : null;
            default -> null;
        };
    }

    private static List<SchemaObject> schemas(List<SchemaObject> objects) {
        return objects.stream().map(SchemaObject::schema).collect(Collectors.toCollection(TreeSet::new)).stream()
                .map(schema -> new SchemaObject(
                        ObjectKind.SCHEMA,
                        Section.BEFORE,
                        schema,
                        "",
                        null,
                        List.of("CREATE SCHEMA " + Sql.ident(schema)),
                        List.of()))
                .collect(Collectors.toCollection(ArrayList::new));
    }

    /** That of a partitioned table is its partitions' too. */
    private static void analysis(Table table, List<SchemaObject> objects) {
        if (!table.isAttached()) {
            objects.add(new SchemaObject(
                    ObjectKind.ANALYSIS,
                    table.afterRows(),
                    table.name().schema(),
                    table.name().name(),
                    table.name(),
                    List.of("ANALYZE " + table.quoted()),
                    List.of()));
        }
    }

    /** Section by section; before the rows as it was, but attaching later; after them table by table, then by kind. */
    private static List<SchemaObject> sorted(List<SchemaObject> objects) {
        List<SchemaObject> sorted = new ArrayList<>(objects.size());
        objects.stream()
                .filter(object -> object.section() == Section.BEFORE)
                .sorted(Comparator.comparing(object ->
                        object.kind().isNeededByRows() ? 0 : object.kind().ordinal()))
                .forEach(sorted::add);
        objects.stream()
                .filter(object -> object.section() == Section.AFTER)
                .sorted(Comparator.comparing(SchemaObject::kind))
                .collect(Collectors.groupingBy(SchemaObject::table, LinkedHashMap::new, Collectors.toList()))
                .values()
                .forEach(sorted::addAll);
        objects.stream()
                .filter(object -> object.section() == Section.END)
                .sorted(Comparator.comparing(SchemaObject::kind))
                .forEach(sorted::add);
        return sorted;
    }
}
