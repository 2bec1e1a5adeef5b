package dev.godwit.node.postgres;

import dev.godwit.node.schema.Need;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;

/** Looks at what a target lacks of what a schema needs. */
final class SchemaNeeds {
    private SchemaNeeds() {}

    /** One statement for each kind of need, however many there are. */
    static Set<Need> missing(Connection target, Collection<Need> needs) throws SQLException {
        Set<Need> missing = new LinkedHashSet<>(needs);
        missing.removeIf(need -> need.kind() == Need.Kind.OTHER);
        Set<Need.Kind> kinds = new HashSet<>();
        missing.forEach(need -> kinds.add(need.kind()));
        for (Need.Kind kind : kinds) {
            CatalogRows.all(
                    target, SchemaReferences.listing(kind), row -> missing.remove(new Need(kind, row.getString(1))));
        }
        return missing;
    }
}
