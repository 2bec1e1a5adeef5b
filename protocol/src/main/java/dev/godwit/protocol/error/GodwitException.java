package dev.godwit.protocol.error;

/** Carries a {@link Problem}. The cause, if any, is for the type of failure only: its message may hold row values. */
public class GodwitException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Problem problem;

    public GodwitException(Problem problem) {
        super(problem.line());
        this.problem = problem;
    }

    public GodwitException(ErrorCode code, String what, String where, String fix) {
        this(new Problem(code, what, where, fix));
    }

    public Problem problem() {
        return problem;
    }

    public ErrorCode code() {
        return problem.code();
    }
}
