package dev.godwit.node.plan;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.nodes.Node;

/** Everything that was found wrong with one plan so far. */
final class Findings {
    /** Problems told at once; of the others only the number is told, so that an answer stays small. */
    static final int MOST_TOLD = 100;

    private record Finding(int line, int column, Problem problem) {}

    private final String fileName;
    private final List<Finding> findings = new ArrayList<>();

    Findings(String fileName) {
        this.fileName = fileName;
    }

    void add(ErrorCode code, Node at, String path, String what, String fix) {
        add(code, at.getStartMark(), path, what, fix);
    }

    void add(ErrorCode code, Mark mark, String path, String what, String fix) {
        add(code, mark.getLine() + 1, mark.getColumn() + 1, path, what, fix);
    }

    /**
     * @param line from 1
     * @param column in characters from 1
     * @param path keys from the top joined by dots; empty for the plan as a whole
     */
    void add(ErrorCode code, int line, int column, String path, String what, String fix) {
        String where = fileName + ":" + line + ":" + column + (path.isEmpty() ? "" : " (" + path + ")");
        findings.add(new Finding(line, column, new Problem(code, what, where, fix)));
    }

    /** @throws PlanRejected if anything was found */
    void rejectIfAny() {
        if (findings.isEmpty()) {
            return;
        }
        List<Problem> problems = new ArrayList<>(findings.stream()
                .sorted(Comparator.comparingInt(Finding::line).thenComparingInt(Finding::column))
                .limit(MOST_TOLD)
                .map(Finding::problem)
                .toList());
        int more = findings.size() - problems.size();
        if (more > 0) {
            problems.add(new Problem(
                    problems.get(0).code(), more + " more problems were found.", fileName, "Mend the first ones."));
        }
        throw new PlanRejected(problems);
    }
}
