package dev.godwit.node.postgres;

import dev.godwit.node.schema.SchemaObject;
import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** What a schema is made of that a target does not know: its version is older, or it was built without. */
final class SchemaFeatures {
    /** A text, or a quoted name: words in it are no feature. */
    private static final Pattern QUOTED = Pattern.compile("'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"");

    private static final Pattern LZ4 = Pattern.compile("SET COMPRESSION lz4");

    /**
     * @param words for messages
     * @param statement part of a statement that has it, without what is quoted
     * @param since PostgreSQL's first major version that knows it
     */
    private record Feature(String words, Pattern statement, int since) {
        Feature(String words, String statement, int since) {
            this(words, Pattern.compile(statement), since);
        }
    }

    /** From PostgreSQL's release notes; of what {@link SchemaReader} prints. */
    private static final List<Feature> FEATURES = List.of(
            new Feature("compression of a column", "ALTER COLUMN \\S+ SET COMPRESSION ", 14),
            new Feature("names of multiranges", "(?i)MULTIRANGE_TYPE_NAME", 14),
            new Feature("statistics on expressions", "CREATE STATISTICS [^;]* ON [^;]*\\(.* FROM ", 14),
            new Feature("NULLS NOT DISTINCT", "NULLS NOT DISTINCT", 15),
            new Feature("rules of a collation", "CREATE COLLATION .*\\brules = ", 16),
            new Feature("the collation provider builtin", "CREATE COLLATION .*\\bprovider = builtin", 17),
            new Feature("virtual generated columns", "GENERATED ALWAYS AS .* VIRTUAL", 18),
            new Feature("constraints that are not enforced", "NOT ENFORCED", 18),
            new Feature("keys without overlaps", "WITHOUT OVERLAPS|\\bPERIOD ", 18));

    private SchemaFeatures() {}

    static List<Problem> problems(Connection target, SchemaPlan plan, String place) throws SQLException {
        boolean[] lz4 = new boolean[1];
        CatalogRows.all(
                target,
                "SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression'",
                row -> lz4[0] = row.getBoolean(1));
        return problems(plan, target.getMetaData().getDatabaseMajorVersion(), lz4[0], place);
    }

    static List<Problem> problems(SchemaPlan plan, int targetMajor, boolean lz4, String place) {
        // What is newer than the source is not in its schema.
        List<Feature> unknown = FEATURES.stream()
                .filter(feature -> feature.since() > targetMajor && feature.since() <= plan.serverMajor())
                .toList();
        boolean withoutLz4 = !lz4 && targetMajor >= 14;
        if (unknown.isEmpty() && !withoutLz4) {
            return List.of();
        }
        List<Problem> problems = new ArrayList<>();
        List<Unquoted> objects = plan.objects().stream().map(Unquoted::of).toList();
        for (Feature feature : unknown) {
            having(objects, feature.statement())
                    .ifPresent(having -> problems.add(problem(
                            "The target is PostgreSQL " + targetMajor + " and does not know " + feature.words()
                                    + ", which is from " + feature.since(),
                            having,
                            place,
                            "Use a target of version " + feature.since() + " or newer")));
        }
        if (withoutLz4) {
            having(objects, LZ4)
                    .ifPresent(having -> problems.add(problem(
                            "The target's server was built without the compression lz4",
                            having,
                            place,
                            "Use a server that has it")));
        }
        return problems;
    }

    /** An object's statements without what is quoted in them. */
    private record Unquoted(String identity, List<String> statements) {
        static Unquoted of(SchemaObject object) {
            return new Unquoted(
                    object.identity(),
                    object.create().stream()
                            .map(sql -> QUOTED.matcher(sql).replaceAll("_"))
                            .toList());
        }
    }

    /** Objects that have it; empty if there are none. */
    private static Optional<List<String>> having(List<Unquoted> objects, Pattern statement) {
        List<String> having = objects.stream()
                .filter(object -> object.statements().stream()
                        .anyMatch(sql -> statement.matcher(sql).find()))
                .map(Unquoted::identity)
                .toList();
        return having.isEmpty() ? Optional.empty() : Optional.of(having);
    }

    private static Problem problem(String what, List<String> having, String place, String fix) {
        return new Problem(
                ErrorCode.TARGET_FEATURE_MISSING,
                what + ": needed by " + Amount.names(having) + ".",
                place,
                fix + ", or change these at the source, or exclude their tables.");
    }
}
