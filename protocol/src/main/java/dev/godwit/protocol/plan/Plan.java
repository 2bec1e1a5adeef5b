package dev.godwit.protocol.plan;

import java.util.List;
import java.util.Map;

/**
 * What a user wants migrated. Immutable; read from YAML by the node's {@code plan} package, kept as JSON.
 *
 * @param apiVersion always {@code godwit/v1}
 * @param kind always {@code Migration}
 * @param name name of the migration: a lower-case letter, then up to 62 lower-case letters, digits, '-' or '_'
 * @param source the database that is read
 * @param targets the databases that are written, by name; at least one (this version: exactly one)
 * @param consistency which moment of the source the targets show
 * @param include patterns {@code schema.table} of tables to migrate, {@code *} matches any run of characters
 * @param exclude patterns of tables to leave out, applied after {@code include}
 * @param largeObjects whether the source's large objects are copied too
 * @param schema who makes the tables in the targets; null where the plan leaves that open and nothing has decided it yet
 * @param owners whether what is made gets the owner that it has at the source
 * @param grants whether what is made gets the grants that it has at the source
 * @param leaveOut patterns of what may be missing in the targets although the source has it: kind and name, as the check
 *     tells them, for example {@code view public.*}; {@code *} matches any run of characters
 * @param schemaChanges what becomes of a table that the source alters while its changes are followed; means nothing but with
 *     {@link Consistency#ONLINE}
 * @param limits ceilings
 */
public record Plan(
        String apiVersion,
        String kind,
        String name,
        Endpoint source,
        Map<String, Endpoint> targets,
        Consistency consistency,
        List<String> include,
        List<String> exclude,
        boolean largeObjects,
        SchemaMode schema,
        boolean owners,
        boolean grants,
        List<String> leaveOut,
        SchemaChanges schemaChanges,
        Limits limits) {
    /** The pattern that leaves no table out. */
    public static final String EVERY_TABLE = "*.*";

    public Plan {
        targets = Map.copyOf(targets);
        include = List.copyOf(include);
        exclude = List.copyOf(exclude);
        leaveOut = leaveOut == null ? List.of() : List.copyOf(leaveOut); // journals of before it have none
        schemaChanges = schemaChanges == null ? SchemaChanges.FOLLOW : schemaChanges;
    }

    /** One that says nothing of large objects and of schema changes, and leaves owners and grants out. */
    public Plan(
            String apiVersion,
            String kind,
            String name,
            Endpoint source,
            Map<String, Endpoint> targets,
            Consistency consistency,
            List<String> include,
            List<String> exclude,
            SchemaMode schema,
            List<String> leaveOut,
            Limits limits) {
        this(
                apiVersion,
                kind,
                name,
                source,
                targets,
                consistency,
                include,
                exclude,
                meansLargeObjects(include),
                schema,
                false,
                false,
                leaveOut,
                SchemaChanges.FOLLOW,
                limits);
    }

    /** Whether large objects are meant where a plan does not say: they belong to the whole, and to no part of it. */
    public static boolean meansLargeObjects(List<String> include) {
        return include.contains(EVERY_TABLE);
    }

    /** This plan, with the mode where it leaves that open. */
    public Plan decided(SchemaMode mode) {
        return schema != null || mode == null
                ? this
                : new Plan(
                        apiVersion,
                        kind,
                        name,
                        source,
                        targets,
                        consistency,
                        include,
                        exclude,
                        largeObjects,
                        mode,
                        owners,
                        grants,
                        leaveOut,
                        schemaChanges,
                        limits);
    }
}
