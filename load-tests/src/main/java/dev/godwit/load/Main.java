package dev.godwit.load;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Benchmarks of Godwit from outside, one command each. */
@Command(
        name = "load-tests/run",
        mixinStandardHelpOptions = true,
        description = {
            "Measures Godwit from outside, as processes. Each benchmark starts its own servers (embedded PostgreSQL),",
            "prints its conditions, a table and what follows, and with --write appends them to docs/benchmarks.md.",
            "For figures that count, nothing else may run on the machine."
        },
        subcommands = {
            CopyCommand.class,
            CpuCommand.class,
            WholeCommand.class,
            TablesCommand.class,
            BigCommand.class,
            SkewCommand.class,
            ScaleCommand.class,
            RecoveryCommand.class,
            KillsCommand.class,
            OnlineCommand.class,
            ApplyCommand.class,
            CoordinatorCommand.class
        })
public final class Main {
    private Main() {}

    /**
     * Runs one benchmark.
     *
     * @return 0 if it ran and found no fault, 1 if not, 2 for a wrong call
     */
    static int run(String... arguments) {
        CommandLine commandLine = new CommandLine(new Main());
        commandLine
                .getSubcommands()
                .values()
                .forEach(verb -> verb.getCommandSpec().mixinStandardHelpOptions(true));
        return commandLine.execute(arguments);
    }

    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }
}
