package dev.godwit.node.schema;

import dev.godwit.protocol.table.TableName;
import java.util.HashSet;
import java.util.List;

/**
 * One thing that is made on the target, in one transaction. What it is made of is also what it is: two databases have
 * the same object where the same statements would make it, since both are read by the same code.
 *
 * @param schema as in the catalog; of a schema its own name
 * @param name as in the catalog; of a constraint, index or column default its own name, not its table's; of a schema
 *     empty
 * @param table what it belongs to; of a table itself; null for what belongs to none
 * @param create statements, in order; every name in them is quoted or was printed by the server
 * @param needs what the target must have before
 * @param shape of a type or table what its values look like, part by part: labels, attributes, columns, or what it is over;
 *     of rights the kind that they are of; of a key, and of its index, the columns by which rows are told from each other;
 *     of anything else empty
 */
public record SchemaObject(
        ObjectKind kind,
        Section section,
        String schema,
        String name,
        TableName table,
        List<String> create,
        List<Need> needs,
        List<String> shape) {
    public SchemaObject {
        create = List.copyOf(create);
        needs = List.copyOf(needs);
        shape = List.copyOf(shape);
    }

    /** What has no shape. */
    public SchemaObject(
            ObjectKind kind,
            Section section,
            String schema,
            String name,
            TableName table,
            List<String> create,
            List<Need> needs) {
        this(kind, section, schema, name, table, create, needs, List.of());
    }

    /** Tells it from every other object of the database. */
    public record Key(ObjectKind kind, String schema, String name, TableName table) {}

    public Key key() {
        return new Key(kind, schema, name, table);
    }

    /** For messages, events and locks: stable, and different for each object. */
    public String identity() {
        String text = kind == ObjectKind.SCHEMA || name.isEmpty()
                ? schema
                : table == null || kind == ObjectKind.TABLE || kind == ObjectKind.RIGHTS
                        ? new TableName(schema, name).text()
                        : table.text() + ' ' + name;
        return kind.word() + ' ' + text;
    }

    /** Whether every value of this type, sent in binary, is read as the same value of the other. */
    public boolean fits(SchemaObject other) {
        return kind == other.kind
                && (kind == ObjectKind.ENUM
                        ? new HashSet<>(other.shape).containsAll(shape)
                        : shape.equals(other.shape));
    }

    /** Whether both are the same object, made of the same. */
    public boolean isLike(SchemaObject other) {
        return key().equals(other.key()) && create.equals(other.create);
    }

    public SchemaObject shaped(List<String> its) {
        return new SchemaObject(kind, section, schema, name, table, create, needs, its);
    }

    public SchemaObject in(Section its) {
        return new SchemaObject(kind, its, schema, name, table, create, needs, shape);
    }

    public SchemaObject made(List<String> statements) {
        return new SchemaObject(kind, section, schema, name, table, statements, needs, shape);
    }

    public SchemaObject with(List<Need> its) {
        return new SchemaObject(kind, section, schema, name, table, create, its, shape);
    }
}
