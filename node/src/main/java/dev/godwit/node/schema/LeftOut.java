package dev.godwit.node.schema;

import dev.godwit.protocol.check.Remark;
import dev.godwit.protocol.check.RemarkCode;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.TablePatterns;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What a migration leaves out of a schema: a gap must be accepted in the plan, so that nothing goes missing unseen. */
public final class LeftOut {
    private static final int TOLD = 5;

    /**
     * What a target has of its own and no application misses: who owns and may read what, and the extensions. What needs
     * an extension that the target lacks is a gap of its own.
     */
    private static final Set<String> NO_GAP =
            Set.of("owner", "grants", "default privileges", "extension", "publication", "subscription", "tablespace");

    private LeftOut() {}

    /**
     * One problem for each kind of which something is left out and not accepted.
     *
     * @param accepted the plan's patterns
     */
    public static List<Problem> problems(List<NotCarried> left, List<String> accepted) {
        Map<String, List<NotCarried>> open = new LinkedHashMap<>();
        left.stream()
                .filter(gap -> !NO_GAP.contains(gap.kind()) && !isAccepted(gap, accepted))
                .forEach(gap -> open.computeIfAbsent(gap.kind(), kind -> new ArrayList<>())
                        .add(gap));
        List<Problem> problems = new ArrayList<>();
        open.forEach((kind, gaps) -> problems.add(problem(kind, gaps)));
        return problems;
    }

    /** Of what no mode ever carries. */
    public static List<Remark> notes(List<NotCarried> left, Plan plan) {
        List<String> parts = new ArrayList<>();
        for (String kind : List.of("publication", "subscription")) {
            List<NotCarried> gaps =
                    left.stream().filter(gap -> gap.kind().equals(kind)).toList();
            if (!gaps.isEmpty()) {
                parts.add(gaps.size() + " " + kind + "s ("
                        + gaps.stream()
                                .limit(TOLD)
                                .map(gap -> printable(gap.name()))
                                .collect(Collectors.joining(", "))
                        + (gaps.size() > TOLD ? ", …)" : ")"));
            }
        }
        return parts.isEmpty()
                ? List.of()
                : List.of(new Remark(
                        RemarkCode.REPLICATION_LEFT_OUT,
                        "Of the source these are never made in the target: " + String.join(" and ", parts) + ".",
                        plan.name(),
                        "Make by hand those that the target needs."));
    }

    private static boolean isAccepted(NotCarried gap, List<String> accepted) {
        String text = gap.kind() + ' ' + gap.name();
        return accepted.stream().anyMatch(pattern -> TablePatterns.matchesText(pattern, text));
    }

    private static Problem problem(String kind, List<NotCarried> gaps) {
        String names = gaps.stream().limit(TOLD).map(LeftOut::told).collect(Collectors.joining("; "));
        String more = gaps.size() > TOLD ? "; and " + (gaps.size() - TOLD) + " more" : "";
        return new Problem(
                ErrorCode.SCHEMA_LEAVES_OUT,
                "Of the kind " + kind + " the target would lack " + gaps.size() + ": " + names + more + '.',
                kind,
                "Accept it in the plan: leaveOut: [\"" + kind + " *\"]; and make by hand what is needed of it.");
    }

    private static String told(NotCarried gap) {
        return printable(gap.name()) + (gap.reason().isEmpty() ? "" : " (" + printable(gap.reason()) + ')');
    }

    private static String printable(String name) {
        return name.replaceAll("\\p{Cntrl}", "?");
    }
}
