package dev.godwit.ops.command;

import dev.godwit.ops.demo.Demo;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The main job in two minutes, with nothing installed. */
@Command(
        name = "demo",
        description = {
            "Migrates a sample shop with a local cluster, kills a node on the way, proves equality.",
            "It starts two embedded PostgreSQL servers and makes an e-commerce data set in one; a cluster of node"
                    + " processes migrates it to the other; one of them is killed with SIGKILL in mid-copy; at the"
                    + " end both databases count and digest the rows of each table."
        })
final class DemoCommand extends Verb {
    @Option(
            names = "--scale",
            paramLabel = "N",
            description = "Size of the data set; 1 is about 1.5 million rows and 300 MB (default: ${DEFAULT-VALUE}).")
    private double scale = 1;

    @Option(
            names = "--nodes",
            paramLabel = "N",
            description = "Node processes, at least 2 (default: ${DEFAULT-VALUE}).")
    private int nodes = 3;

    @Option(names = "--keep", description = "Keep the servers' data and the nodes' logs.")
    private boolean keep;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        if (!(scale >= 0.001 && scale <= 1000)) {
            throw new ParameterException(spec.commandLine(), "--scale takes 0.001 to 1000.");
        }
        if (nodes < 2 || nodes > 16) {
            throw new ParameterException(
                    spec.commandLine(), "--nodes takes 2 to 16: one is killed, and another must go on.");
        }
        return new Demo(godwit().installation(), terminal(), answer(), new Demo.Settings(scale, nodes, keep)).run();
    }
}
