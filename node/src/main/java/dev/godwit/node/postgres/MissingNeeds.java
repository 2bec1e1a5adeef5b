package dev.godwit.node.postgres;

import dev.godwit.node.schema.Need;
import dev.godwit.node.schema.NotCarried;
import dev.godwit.node.schema.SchemaObject;
import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** What a target lacks of what the source's tables are made of, where Godwit makes them. */
final class MissingNeeds {
    /** Those that this user could make: installed, and allowed to him. Before 13 there were no trusted ones. */
    private static final String EXTENSIONS = """
            SELECT a.name, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) OR NOT v.superuser
              OR coalesce((to_jsonb(v)->>'trusted')::boolean, false)
                AND has_database_privilege(current_database(), 'CREATE')
            FROM pg_available_extensions a
            JOIN pg_available_extension_versions v ON v.name = a.name AND v.version = a.default_version""";

    private MissingNeeds() {}

    /**
     * What rows can't land without, need by need.
     *
     * @param schema of the source
     * @param missing what the target lacks of its needs
     * @param there what the target has of its objects
     * @param place of the target, for messages
     */
    static List<Problem> problems(
            SchemaPlan schema, Set<Need> missing, Set<SchemaObject.Key> there, Connection target, String place)
            throws SQLException {
        Map<Need, List<String>> blocked = new LinkedHashMap<>();
        for (SchemaObject object : schema.blockedBy(missing)) {
            for (Need need : object.needs()) {
                // A table above or beside that is not migrated does not keep rows out.
                if (!there.contains(object.key()) && missing.contains(need) && need.kind() != Need.Kind.RELATION) {
                    blocked.computeIfAbsent(need, one -> new ArrayList<>()).add(object.identity());
                }
            }
        }
        if (blocked.isEmpty()) {
            return List.of();
        }
        Set<String> installed = new HashSet<>();
        CatalogRows.all(target, "SELECT name FROM pg_available_extensions", row -> installed.add(row.getString(1)));
        List<Problem> problems = new ArrayList<>();
        blocked.forEach((need, objects) -> problems.add(problem(need, objects, installed, place)));
        return problems;
    }

    /**
     * Extensions that an archive would make and can't.
     *
     * @param wanted all of the archive's
     */
    static List<Problem> extensions(Connection target, Set<String> wanted, String place) throws SQLException {
        Map<String, Boolean> makeable = new HashMap<>();
        CatalogRows.all(target, EXTENSIONS, row -> makeable.put(row.getString(1), row.getBoolean(2)));
        Set<String> missing = new TreeSet<>(wanted);
        CatalogRows.all(target, "SELECT extname FROM pg_extension", row -> missing.remove(row.getString(1)));
        List<Problem> problems = new ArrayList<>();
        for (String name : missing) {
            if (!makeable.getOrDefault(name, false)) {
                boolean installed = makeable.containsKey(name);
                String printable = Sql.printable(name);
                problems.add(new Problem(
                        ErrorCode.TARGET_EXTENSION_MISSING,
                        "The target has no extension " + printable + ", which schema: dump brings, "
                                + (installed
                                        ? "and the target's user may not create it."
                                        : "and its server does not have the extension's files."),
                        place,
                        (installed ? "Let a superuser" : "Install the extension's files on the target's server, then")
                                + " CREATE EXTENSION " + printable
                                + " in the target, in the schema that it has in the source; or use schema: tables."));
            }
        }
        return problems;
    }

    /** Nobody has to make an extension that the target has. */
    static SchemaPlan withoutExtensionsOf(Connection target, SchemaPlan plan) throws SQLException {
        Set<String> there = new HashSet<>();
        CatalogRows.all(target, "SELECT extname FROM pg_extension", row -> there.add(row.getString(1)));
        List<NotCarried> left = plan.notCarried().stream()
                .filter(gap -> !gap.kind().equals("extension") || !there.contains(gap.name()))
                .toList();
        return plan.with(plan.objects(), left);
    }

    private static Problem problem(Need need, List<String> objects, Set<String> installed, String place) {
        String name = Sql.printable(need.name());
        return new Problem(
                code(need.kind()),
                "The target has no " + Sql.printable(need.text()) + ", which is needed by " + Amount.names(objects)
                        + ".",
                place,
                need.kind() == Need.Kind.EXTENSION
                        ? extension(name, installed.contains(need.name()))
                        : "Create it in the target, or exclude the tables.");
    }

    private static String extension(String name, boolean installed) {
        return (installed ? "" : "Install the extension's files on the target's server, then ")
                + "CREATE EXTENSION " + name + " in the target, in the schema that it has in the source; or exclude the"
                + " tables.";
    }

    private static ErrorCode code(Need.Kind kind) {
        return switch (kind) {
            case EXTENSION -> ErrorCode.TARGET_EXTENSION_MISSING;
            case TYPE -> ErrorCode.TARGET_TYPE_MISSING;
            case COLLATION -> ErrorCode.TARGET_COLLATION_MISSING;
            case FUNCTION,
                    OPERATOR,
                    OPERATOR_CLASS,
                    TEXT_SEARCH_CONFIGURATION,
                    TEXT_SEARCH_DICTIONARY,
                    RELATION,
                    OTHER -> ErrorCode.TARGET_OBJECT_MISSING;
        };
    }
}
