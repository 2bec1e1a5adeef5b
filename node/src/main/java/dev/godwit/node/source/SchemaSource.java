package dev.godwit.node.source;

import dev.godwit.node.schema.SchemaDump;
import dev.godwit.node.schema.SchemaPlan;

/** What a target asks a source about the schema of a plan's tables. Every call blocks. */
public interface SchemaSource {
    /** All that the tables are made of, as the catalogs say now. */
    SchemaPlan read();

    /**
     * The whole schema as an archive.
     *
     * @param schema what {@link #read} has answered: of it indexes and keys are made one by one
     * @param targetMajor PostgreSQL's major version of the target
     * @param entriesAtOnce most entries that the target takes in one transaction
     * @throws dev.godwit.protocol.error.GodwitException with CLIENT_PROGRAMS_UNFIT where this node has no programs for it
     */
    SchemaDump dump(SchemaPlan schema, int targetMajor, int entriesAtOnce);
}
