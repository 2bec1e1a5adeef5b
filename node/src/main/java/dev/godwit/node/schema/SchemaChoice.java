package dev.godwit.node.schema;

import dev.godwit.protocol.check.Remark;
import dev.godwit.protocol.check.RemarkCode;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.SchemaMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Who makes the tables. Where the plan leaves that open it is decided once, at the check: {@code dump} where every node
 * can do it, since any node may have to go on with it, else {@code tables}.
 *
 * @param reason why that was decided; empty where the plan says it
 */
public record SchemaChoice(SchemaMode mode, String reason) {
    private static final int TOLD = 5;

    /** What the plan says itself. */
    public static SchemaChoice ofPlan(Plan plan) {
        return new SchemaChoice(plan.schema(), "");
    }

    /** What an earlier cluster has decided for the migration, and has entered in the target. */
    public static SchemaChoice begun(SchemaMode mode) {
        return new SchemaChoice(mode, "the migration was begun with it, as the target's entry says");
    }

    /**
     * Decides what a plan leaves open.
     *
     * @param programs major versions of the client programs that each node has found, by node; not empty
     */
    public static SchemaChoice of(Dumpable source, Dumpable target, Map<String, Set<Integer>> programs) {
        List<String> obstacles = new ArrayList<>();
        source.obstacles().forEach(obstacle -> obstacles.add(withoutStop(obstacle.what())));
        target.obstacles().forEach(obstacle -> obstacles.add(withoutStop(obstacle.what())));
        if (target.major() < source.major()) {
            obstacles.add(
                    "the target is PostgreSQL " + target.major() + " and the source PostgreSQL " + source.major());
        } else {
            lacking(source.major(), target.major(), programs).ifPresent(obstacles::add);
        }
        return obstacles.isEmpty()
                ? new SchemaChoice(
                        SchemaMode.DUMP,
                        "pg_dump and pg_restore of version " + versions(source.major(), target.major()) + " are on "
                                + (programs.size() == 1 ? "the node" : "all " + programs.size() + " nodes"))
                : new SchemaChoice(SchemaMode.TABLES, String.join("; ", obstacles));
    }

    private static String withoutStop(String sentence) {
        return sentence.replaceFirst("\\.$", "");
    }

    /** Tells what was decided, and why. */
    public List<Remark> notes(Plan plan) {
        return plan.schema() != null || reason.isEmpty()
                ? List.of()
                : List.of(new Remark(
                        RemarkCode.SCHEMA_MODE_CHOSEN,
                        "The plan leaves open who makes the tables. It is decided at the check, once and for all: schema: "
                                + mode.word() + ", since " + reason + ".",
                        plan.name(),
                        "Write schema: dump or schema: tables into the plan to have it so whatever nodes have."));
    }

    /** Nodes without programs that fit, where the plan says {@code dump}: any of them may have to go on with it. */
    public static Optional<Problem> unfitNodes(
            int sourceMajor, int targetMajor, Map<String, Set<Integer>> programs, String where) {
        return targetMajor < sourceMajor
                ? Optional.empty() // which is a problem of its own
                : lacking(sourceMajor, targetMajor, programs)
                        .map(what -> new Problem(
                                ErrorCode.CLIENT_PROGRAMS_UNFIT,
                                "With schema: dump any node may have to go on with the dump, and " + what + ".",
                                where,
                                "Install postgresql-client-" + sourceMajor
                                        + " there and start these nodes again, or use" + " schema: tables."));
    }

    private static Optional<String> lacking(int sourceMajor, int targetMajor, Map<String, Set<Integer>> programs) {
        Map<String, Set<Integer>> unfit = new TreeMap<>(programs);
        unfit.values().removeIf(majors -> majors.stream().anyMatch(one -> one >= sourceMajor && one <= targetMajor));
        if (unfit.isEmpty()) {
            return Optional.empty();
        }
        String nodes = unfit.entrySet().stream()
                .limit(TOLD)
                .map(node -> node.getKey() + " (found "
                        + (node.getValue().isEmpty()
                                ? "none"
                                : node.getValue().stream()
                                        .sorted()
                                        .map(String::valueOf)
                                        .collect(Collectors.joining(", ")))
                        + ")")
                .collect(Collectors.joining(", "));
        String more = unfit.size() > TOLD ? " and " + (unfit.size() - TOLD) + " more" : "";
        return Optional.of("pg_dump and pg_restore of version " + versions(sourceMajor, targetMajor) + " are not on "
                + nodes + more);
    }

    private static String versions(int sourceMajor, int targetMajor) {
        return sourceMajor == targetMajor ? "" + sourceMajor : sourceMajor + " to " + targetMajor;
    }
}
