package dev.godwit.node.plan;

import dev.godwit.node.plan.Value.TextForm;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Endpoint;
import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SchemaChanges;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.plan.SecretRef;
import dev.godwit.protocol.plan.TablePatterns;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Reads a plan from YAML or JSON. Says everything that is wrong with it at once, each with line and column, and never
 * quotes a value. The same rules stand in {@code plan.schema.json} for editors and in {@code docs/reference/plan.md}
 * for people; tests compare the three.
 */
public final class PlanReader {
    static final String API_VERSION = "godwit/v1";
    static final String KIND = "Migration";
    static final int DEFAULT_PORT = 5432;
    static final String DEFAULT_SSLMODE = "prefer";
    static final List<String> DEFAULT_INCLUDE = List.of(Plan.EVERY_TABLE);
    static final List<String> SSLMODES = List.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");

    private static final TextForm NAME = TextForm.of(
            "[a-z][a-z0-9_-]{0,62}", "a lower-case letter, then up to 62 lower-case letters, digits, '-' or '_'");
    private static final TextForm HOST = TextForm.of(
            "[A-Za-z0-9][A-Za-z0-9._-]{0,252}|(?=.*:)[0-9A-Fa-f:.]{2,45}(%[A-Za-z0-9._-]{1,32})?",
            "a host name or an address, without port, brackets or scheme");
    private static final TextForm IDENTIFIER = new TextForm(
            text -> !text.isEmpty() && text.getBytes(StandardCharsets.UTF_8).length <= 63,
            "1 to 63 bytes, as PostgreSQL's names do");
    private static final TextForm VARIABLE =
            TextForm.of("[A-Za-z_][A-Za-z0-9_]{0,254}", "the name of an environment variable: letters, digits and '_'");
    private static final TextForm FILE = TextForm.of(
            "/.{1,4095}", "the absolute path of a file on each node, since nodes start in different directories");
    private static final TextForm PATTERN =
            new TextForm(TablePatterns::wellFormed, "schema.table, where * matches any run of characters");

    private static final TextForm LEFT_OUT = TextForm.of(
            "\\P{Cntrl}{1,300}", "kind and name as the check tells them, where * matches any run of characters");

    private PlanReader() {}

    /**
     * @param text YAML or JSON of at most 1 MiB in UTF-8
     * @param fileName how messages call the text
     * @throws PlanRejected with every problem that was found
     */
    public static Plan read(String text, String fileName) {
        Findings findings = new Findings(fileName);
        Plan plan = plan(new Value(YamlText.parse(text, findings), "", findings));
        findings.rejectIfAny();
        return plan;
    }

    private static Plan plan(Value value) {
        Section section = Section.of(value, Plan.class);
        SchemaMode schema = section.optional("schema")
                .filter(v -> !v.is(Tag.NULL)) // as JSON writes a plan that leaves it open
                .map(v -> v.choice(SchemaMode.class))
                .orElse(null);
        List<String> include =
                section.optional("include").map(PlanReader::include).orElse(DEFAULT_INCLUDE);
        return new Plan(
                section.required("apiVersion")
                        .map(v -> v.word(List.of(API_VERSION)))
                        .orElse(""),
                section.required("kind").map(v -> v.word(List.of(KIND))).orElse(""),
                section.required("name").map(v -> v.text(NAME)).orElse(""),
                section.required("source").map(PlanReader::endpoint).orElse(null),
                section.required("targets").map(PlanReader::targets).orElse(Map.of()),
                section.optional("consistency")
                        .map(v -> v.choice(Consistency.class))
                        .orElse(Consistency.SNAPSHOT),
                include,
                section.optional("exclude").map(PlanReader::patterns).orElse(List.of()),
                section.optional("largeObjects").map(Value::truth).orElse(Plan.meansLargeObjects(include)),
                schema,
                section.optional("owners").map(v -> rights(v, schema)).orElse(false),
                section.optional("grants").map(v -> rights(v, schema)).orElse(false),
                section.optional("leaveOut").map(PlanReader::leaveOut).orElse(List.of()),
                section.optional("schemaChanges")
                        .map(v -> v.choice(SchemaChanges.class))
                        .orElse(SchemaChanges.FOLLOW),
                section.optional("limits").map(PlanReader::limits).orElse(Limits.DEFAULT));
    }

    private static boolean rights(Value value, SchemaMode schema) {
        boolean wanted = value.truth();
        if (wanted && schema == SchemaMode.EXISTING) {
            value.wrong(
                    ErrorCode.PLAN_WRONG_VALUE,
                    "With schema: existing nothing is made that could get it.",
                    "Leave it out, or let schema be dump or tables.");
        }
        return wanted;
    }

    private static Map<String, Endpoint> targets(Value value) {
        if (refusedAsUrl(value)) {
            return Map.of();
        }
        Map<String, Endpoint> targets = new LinkedHashMap<>();
        for (Value.Member member : value.members()) {
            if (!NAME.holds().test(member.name())) {
                value.findings()
                        .add(
                                ErrorCode.PLAN_WRONG_VALUE,
                                member.key(),
                                value.path(),
                                "The name of a target has the wrong form.",
                                "It takes " + NAME.says() + ".");
            } else if (!targets.isEmpty()) {
                value.findings()
                        .add(
                                ErrorCode.PLAN_NOT_SUPPORTED,
                                member.key(),
                                member.value().path(),
                                "More than one target is not supported in this version.",
                                "Keep one target here and give each other one a plan of its own.");
            }
            targets.put(member.name(), endpoint(member.value()));
        }
        if (targets.isEmpty() && value.isMapping()) {
            value.wrong(ErrorCode.PLAN_WRONG_VALUE, "There is no target.", "Give one target a name and an address.");
        }
        return targets;
    }

    private static Endpoint endpoint(Value value) {
        if (refusedAsUrl(value)) {
            return new Endpoint(null);
        }
        Section section = Section.of(value, Endpoint.class);
        return new Endpoint(
                section.required("postgres").map(PlanReader::postgres).orElse(null));
    }

    private static PostgresAddress postgres(Value value) {
        if (refusedAsUrl(value)) {
            return new PostgresAddress("", DEFAULT_PORT, "", "", null, null, null);
        }
        Section section = Section.of(value, PostgresAddress.class);
        return new PostgresAddress(
                section.required("host").map(PlanReader::host).orElse(""),
                section.optional("port").map(v -> v.wholeNumber(1, 65535)).orElse(DEFAULT_PORT),
                section.required("database").map(v -> v.text(IDENTIFIER)).orElse(""),
                section.required("user").map(v -> v.text(IDENTIFIER)).orElse(""),
                section.optional("password").map(PlanReader::password).orElse(null),
                section.optional("sslmode").map(v -> v.word(SSLMODES)).orElse(DEFAULT_SSLMODE),
                section.optional("properties").map(DriverProperties::read).orElse(Map.of()));
    }

    private static String host(Value value) {
        return refusedAsUrl(value) ? "" : value.text(HOST);
    }

    private static boolean refusedAsUrl(Value value) {
        if (value.isUrl()) {
            value.wrong(
                    ErrorCode.PLAN_DRIVER_URL,
                    "A driver's URL is not allowed.",
                    "Give host, port, database, user and password each under its key.");
        }
        return value.isUrl();
    }

    /** An explicit null stands for an absent key here, so that a plan that was written as JSON can be read again. */
    private static SecretRef password(Value value) {
        if (value.is(Tag.NULL)) {
            return null;
        }
        if (!value.isMapping()) {
            value.wrong(
                    ErrorCode.PLAN_SECRET_INLINE,
                    "A secret may not stand in the plan.",
                    "Use a reference: env or file, as in password: {env: NAME} or password: {file: /path}.");
            return null;
        }
        Section section = Section.ofSecret(value, SecretRef.class);
        String env = section.optional("env")
                .filter(v -> !v.is(Tag.NULL))
                .map(v -> v.text(VARIABLE))
                .orElse(null);
        String file = section.optional("file")
                .filter(v -> !v.is(Tag.NULL))
                .map(v -> v.text(FILE))
                .orElse(null);
        if (env == null && file == null) {
            value.wrong(
                    ErrorCode.PLAN_MISSING_KEY,
                    "Neither env nor file is given.",
                    "Add env: the name of an environment variable, or file: a path, both on each node.");
            return null;
        }
        if (env != null && file != null) {
            value.wrong(ErrorCode.PLAN_WRONG_VALUE, "Both env and file are given.", "Keep one of the two.");
            return null;
        }
        return new SecretRef(env, file);
    }

    private static List<String> include(Value value) {
        List<Value> items = value.items();
        if (items.isEmpty() && value.is(Tag.SEQ)) {
            value.wrong(
                    ErrorCode.PLAN_WRONG_VALUE,
                    "The list is empty: no table would be migrated.",
                    "Give a pattern, or leave include out to migrate every table.");
        }
        return items.stream().map(item -> item.text(PATTERN)).toList();
    }

    private static List<String> patterns(Value value) {
        return value.items().stream().map(item -> item.text(PATTERN)).toList();
    }

    private static List<String> leaveOut(Value value) {
        return value.items().stream().map(item -> item.text(LEFT_OUT)).toList();
    }

    private static Limits limits(Value value) {
        Section section = Section.of(value, Limits.class);
        Limits defaults = Limits.DEFAULT;
        return new Limits(
                section.optional("workersPerNode")
                        .map(v -> v.wholeNumber(1, 64))
                        .orElse(defaults.workersPerNode()),
                section.optional("shardBytes")
                        .map(v -> v.bytes(64L << 10, 16L << 30))
                        .orElse(defaults.shardBytes()),
                section.optional("memoryPerNode")
                        .map(v -> v.bytes(4L << 20, 64L << 30))
                        .orElse(defaults.memoryPerNode()),
                section.optional("sourceConnections")
                        .map(v -> v.wholeNumber(2, 10_000))
                        .orElse(defaults.sourceConnections()),
                section.optional("targetConnections")
                        .map(v -> v.wholeNumber(2, 10_000))
                        .orElse(defaults.targetConnections()),
                section.optional("retainedLogBytes")
                        .map(v -> v.bytes(16L << 20, 16L << 40))
                        .orElse(defaults.retainedLogBytes()),
                section.optional("retainedLogPercent")
                        .map(v -> v.wholeNumber(10, 95))
                        .orElse(defaults.retainedLogPercent()),
                section.optional("heartbeatSeconds")
                        .map(v -> v.wholeNumber(0, 3600))
                        .orElse(defaults.heartbeatSeconds()));
    }
}
