package dev.godwit.node.testing;

import dev.godwit.node.schema.SchemaDump;
import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.node.source.SchemaSource;
import java.util.function.Supplier;

/** A source that is asked for what its catalogs say, and not for a dump. */
public record CatalogSchema(Supplier<SchemaPlan> catalogs) implements SchemaSource {
    @Override
    public SchemaPlan read() {
        return catalogs.get();
    }

    @Override
    public SchemaDump dump(SchemaPlan schema, int targetMajor, int entriesAtOnce) {
        throw new AssertionError("only schema: dump asks for a dump");
    }
}
