package dev.godwit.node.boot;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.util.Arrays;
import java.util.List;

/** Starts one node, or checks a plan without a cluster. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        int exitCode = run(Arrays.asList(args));
        if (exitCode >= 0) {
            System.exit(exitCode);
        }
    }

    /** @return the exit code; -1 if the process lives on as a node */
    static int run(List<String> args) {
        try {
            if (args.equals(List.of("node"))) {
                NodeProcess.start();
                return -1;
            } else if (args.size() == 2 && args.get(0).equals("check")) {
                return PlanCheck.run(args.get(1), System.out);
            }
            System.err.println("usage: node | check PLAN.yaml");
            return ErrorCode.USAGE.exitCode();
        } catch (GodwitException e) {
            System.err.println(e.problem().line());
            return e.code().exitCode();
        }
    }
}
