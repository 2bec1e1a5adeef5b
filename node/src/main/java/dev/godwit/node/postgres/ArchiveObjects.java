package dev.godwit.node.postgres;

import dev.godwit.node.postgres.TableOfContents.Entry;
import dev.godwit.protocol.table.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * What the entries of an archive are, by the catalogs of the source that it was made of. An entry of what the source no
 * longer has is not known here.
 *
 * @param addresses by entries' numbers
 * @param names by entries' numbers; of what is in a schema
 * @param shown numbers of the entries whose object is there only once they are restored
 * @param partitions oids of partitions, and of the partitioned tables right above them
 * @param owners oids of sequences, and of the tables whose columns own them
 */
record ArchiveObjects(
        Map<Integer, ObjectAddress> addresses,
        Map<Integer, TableName> names,
        Set<Integer> shown,
        Map<Long, Long> partitions,
        Map<Long, Long> owners) {
    private static final String PARTITIONS = "SELECT i.inhrelid::bigint, i.inhparent::bigint FROM pg_inherits i"
            + " JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relispartition AND c.relkind IN ('r', 'p', 'f')";

    /** Not those of identity columns, which are parts of their tables. */
    private static final String OWNERS = "SELECT d.objid::bigint, d.refobjid::bigint FROM pg_depend d"
            + " JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S' WHERE d.classid = 'pg_class'::regclass"
            + " AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype = 'a'";

    /** @param source a session of {@link SessionSource} */
    static ArchiveObjects read(Connection source, TableOfContents contents) throws SQLException {
        Map<String, Map<Long, Integer>> asked = new LinkedHashMap<>();
        for (Entry entry : contents.entries().values()) {
            if (entry.hasCatalog()) {
                asked.computeIfAbsent(entry.kind().catalog(), catalog -> new LinkedHashMap<>())
                        .put(entry.oid(), entry.id());
            }
        }
        ArchiveObjects objects =
                new ArchiveObjects(new HashMap<>(), new HashMap<>(), new HashSet<>(), new HashMap<>(), new HashMap<>());
        for (Map.Entry<String, Map<Long, Integer>> catalog : asked.entrySet()) {
            Map<Long, Integer> ids = catalog.getValue();
            ObjectAddress.of(source, catalog.getKey(), ids.keySet(), (oid, address, schema, name, shows) -> {
                int id = ids.get(oid);
                objects.addresses.put(id, address);
                if (schema != null && name != null) {
                    objects.names.put(id, new TableName(schema, name));
                }
                if (shows) {
                    objects.shown.add(id);
                }
            });
        }
        CatalogRows.all(source, PARTITIONS, row -> objects.partitions.put(row.getLong(1), row.getLong(2)));
        CatalogRows.all(source, OWNERS, row -> objects.owners.put(row.getLong(1), row.getLong(2)));
        objects.attachments(contents.entries());
        return objects;
    }

    /** The archive tells no object for a partition's attachment, but the two tables that it depends on. */
    private void attachments(Map<Integer, Entry> entries) {
        for (Entry entry : entries.values()) {
            if (entry.kind() != ArchiveKind.TABLE_ATTACH) {
                continue;
            }
            for (int child : entry.dependsOn()) {
                for (int parent : entry.dependsOn()) {
                    if (isPartitionOf(entries.get(child), entries.get(parent))
                            && names.containsKey(child)
                            && names.containsKey(parent)) {
                        TableName one = names.get(child);
                        TableName other = names.get(parent);
                        addresses.put(
                                entry.id(),
                                ObjectAddress.attached(one.schema(), one.name(), other.schema(), other.name()));
                        shown.add(entry.id());
                    }
                }
            }
        }
    }

    boolean isPartitionOf(Entry child, Entry parent) {
        return child != null
                && parent != null
                && child.kind().isRelation()
                && parent.kind().isRelation()
                && Long.valueOf(parent.oid()).equals(partitions.get(child.oid()));
    }

    /** Whether the entry gives a view, made in a first shape before what it needs, its own: repeatable, unlike others. */
    boolean isViewsRule(Entry entry) {
        ObjectAddress address = addresses.get(entry.id());
        return entry.kind() == ArchiveKind.RULE
                && address != null
                && address.names().get(address.names().size() - 1).equals("_RETURN");
    }

    /** Whether the target's having the object shows that the entry's transaction was committed. */
    boolean isWitness(Entry entry) {
        return shown.contains(entry.id())
                && !entry.kind().isRepeatable()
                && !entry.kind().mayBeThere();
    }
}
