package dev.godwit.node.plan;

import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import java.util.List;
import java.util.stream.Collectors;

/** A plan can't be taken. Carries everything that is wrong with it, in the order of the text; no value is quoted. */
public final class PlanRejected extends GodwitException {
    private static final long serialVersionUID = 1L;

    private final transient List<Problem> problems;

    /** @param problems at least one */
    PlanRejected(List<Problem> problems) {
        super(problems.get(0));
        this.problems = List.copyOf(problems);
    }

    /** At least one; {@link #problem()} is the first of them. */
    public List<Problem> problems() {
        return problems;
    }

    @Override
    public String getMessage() {
        return problems == null
                ? super.getMessage()
                : problems.stream().map(Problem::line).collect(Collectors.joining("\n"));
    }
}
