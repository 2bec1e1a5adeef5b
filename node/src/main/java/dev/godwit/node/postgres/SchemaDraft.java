package dev.godwit.node.postgres;

import dev.godwit.node.postgres.SchemaReferences.Reference;
import dev.godwit.node.schema.SchemaObject;
import java.util.List;

/**
 * An object as it was read, before it is known what of its references is carried.
 *
 * @param node of what others may depend on: catalog and oid; else null
 */
record SchemaDraft(SchemaObject object, Node node, List<Reference> references) {
    SchemaDraft {
        references = List.copyOf(references);
    }

    SchemaDraft(SchemaObject object, List<Reference> references) {
        this(object, null, references);
    }

    /** @param catalog {@code pg_class}, {@code pg_type} or {@code pg_collation} */
    record Node(String catalog, long oid) {}
}
