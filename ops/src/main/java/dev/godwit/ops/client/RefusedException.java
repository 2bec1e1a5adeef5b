package dev.godwit.ops.client;

import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import java.util.List;

/** A node refused a request, with every problem that it found; the first is the exception's own. */
public final class RefusedException extends GodwitException {
    private static final long serialVersionUID = 1L;

    private final transient List<Problem> problems;

    /** @param problems at least one */
    public RefusedException(List<Problem> problems) {
        super(problems.get(0));
        this.problems = List.copyOf(problems);
    }

    public List<Problem> problems() {
        return problems;
    }
}
