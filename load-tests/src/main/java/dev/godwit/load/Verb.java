package dev.godwit.load;

import dev.godwit.load.measure.Report;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Option;

/** What all benchmarks share: where they work and where their result goes. */
abstract class Verb implements Callable<Integer> {
    static final int DONE = 0;
    static final int FAILED = 1;

    @Option(
            names = "--directory",
            paramLabel = "DIR",
            description =
                    "Where the servers keep their data while it runs (default: the directory of temporary files).")
    private Path parent = Path.of(System.getProperty("java.io.tmpdir"));

    @Option(names = "--keep", description = "Keep the servers' data and the nodes' logs.")
    private boolean keep;

    @Option(names = "--write", description = "Append the result to docs/benchmarks.md.")
    private boolean write;

    @Option(
            names = "--heap",
            paramLabel = "SIZE",
            description = "Largest heap of a node, as -Xmx takes it (default: ${DEFAULT-VALUE}).")
    private String heap = "512m";

    String heap() {
        return heap;
    }

    /**
     * Runs the benchmark.
     *
     * @return exit code
     */
    abstract int run(Workspace workspace);

    @Override
    public final Integer call() {
        try (Workspace workspace = new Workspace(home(), parent, keep)) {
            return run(workspace);
        }
    }

    private static Path home() {
        String home = System.getenv("GODWIT_HOME");
        if (home == null) {
            throw new IllegalStateException("start the benchmarks by the script load-tests/run");
        }
        return Path.of(home);
    }

    /** Prints the result, and writes it if that is wanted. */
    final void publish(Report report) {
        report.print(System.out);
        if (write) {
            report.appendTo(home().resolve("docs/benchmarks.md"));
            System.out.println("  written to docs/benchmarks.md");
        }
    }
}
