package dev.godwit.node.plan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.godwit.protocol.plan.Endpoint;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.SchemaChanges;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Tells whether two plans describe the same migration. What must not change under a running migration is in the digest:
 * its name, who is read and written as whom (host, port, database, user), the consistency, the tables (include and
 * exclude, in any order), whether large objects go with them, who makes them, owners, grants, and what is left out. What may change when a plan is handed in
 * again is not: limits, where passwords are found, sslmode and driver properties. A plan that leaves open who makes the
 * tables has another digest than the same plan once that is decided.
 *
 * <p>Digests are kept in journals: the form may not change for plans of {@code godwit/v1}.
 */
public final class PlanDigest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private PlanDigest() {}

    /** Hex SHA-256, 64 lower-case digits, of the canonical JSON (sorted keys, no white space) of those parts. */
    public static String of(Plan plan) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(sha.digest(canonical(plan).getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    static String canonical(Plan plan) {
        SortedMap<String, Object> parts = new TreeMap<>();
        parts.put("name", plan.name());
        parts.put("source", place(plan.source()));
        SortedMap<String, Object> targets = new TreeMap<>();
        plan.targets().forEach((name, endpoint) -> targets.put(name, place(endpoint)));
        parts.put("targets", targets);
        parts.put("consistency", plan.consistency().name().toLowerCase(Locale.ROOT));
        parts.put("include", plan.include().stream().distinct().sorted().toList());
        parts.put("exclude", plan.exclude().stream().distinct().sorted().toList());
        if (plan.largeObjects() != Plan.meansLargeObjects(plan.include())) { // digests of before it stay as they are
            parts.put("largeObjects", plan.largeObjects());
        }
        if (plan.schema() != null) {
            parts.put("schema", plan.schema().word());
        }
        if (plan.owners()) { // digests of before these keys stay as they are
            parts.put("owners", true);
        }
        if (plan.grants()) {
            parts.put("grants", true);
        }
        if (!plan.leaveOut().isEmpty()) { // digests of before it stay as they are
            parts.put("leaveOut", plan.leaveOut().stream().distinct().sorted().toList());
        }
        if (plan.schemaChanges() != SchemaChanges.FOLLOW) { // digests of before it stay as they are
            parts.put("schemaChanges", plan.schemaChanges().name().toLowerCase(Locale.ROOT));
        }
        try {
            return JSON.writeValueAsString(parts);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("texts, numbers, lists and maps are always JSON", e);
        }
    }

    private static Map<String, Object> place(Endpoint endpoint) {
        return new TreeMap<>(Map.of(
                "host", endpoint.postgres().host(),
                "port", endpoint.postgres().port(),
                "database", endpoint.postgres().database(),
                "user", endpoint.postgres().user()));
    }
}
