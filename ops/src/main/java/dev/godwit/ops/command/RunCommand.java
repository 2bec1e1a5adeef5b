package dev.godwit.ops.command;

import dev.godwit.ops.client.RefusedException;
import dev.godwit.ops.cluster.Installation;
import dev.godwit.ops.cluster.Interruption;
import dev.godwit.ops.cluster.LocalCluster;
import dev.godwit.ops.cluster.PlanCheck;
import dev.godwit.ops.cluster.PlanFile;
import dev.godwit.ops.cluster.StateStore;
import dev.godwit.ops.view.Answer;
import dev.godwit.ops.view.MigrationWatch;
import dev.godwit.ops.view.Outcome;
import dev.godwit.ops.view.ProgressView;
import dev.godwit.ops.view.StatusText;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.status.Action;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.Phase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The whole migration on this machine. */
@Command(
        name = "run",
        description = "Starts a local cluster, runs the whole migration and ends; the same command again resumes.")
final class RunCommand extends Verb {
    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final String RESULT_PAGE = "docs/tutorial.md, 'Look at the result'";

    @Parameters(paramLabel = "PLAN", description = "The plan's YAML file.")
    private Path plan;

    @Option(names = "--nodes", paramLabel = "N", description = "Node processes (default: ${DEFAULT-VALUE}).")
    private int nodes = 1;

    @Option(
            names = "--heap",
            paramLabel = "SIZE",
            description = "Largest heap of each node, as -Xmx takes it (default: ${DEFAULT-VALUE}).")
    private String heap = "768m";

    @Option(
            names = "--log-dir",
            paramLabel = "DIR",
            description = "Where the nodes log to (default: ~/.godwit/run/NAME).")
    private Path logDirectory;

    @Spec
    private CommandSpec spec;

    /** The status that was seen last; null before the first. */
    private volatile MigrationStatus last;

    @Override
    public Integer call() {
        if (nodes < 1 || nodes > 64) {
            throw new ParameterException(spec.commandLine(), "--nodes takes 1 to 64.");
        }
        if (!heap.matches("[1-9][0-9]*[kKmMgG]")) {
            throw new ParameterException(spec.commandLine(), "--heap takes a size such as 512m or 2g.");
        }
        Installation installation = godwit().installation();
        PlanFile file = PlanFile.read(plan);
        if (file.name().isEmpty() || file.firstTarget().isEmpty()) {
            throw refusal(installation);
        }
        PostgresAddress target = file.firstTarget().get();
        String name = file.name().get();
        StateStore stateStore = new StateStore(target, "godwit");
        stateStore.verify(terminal().environment());
        Path logs = logDirectory == null
                ? Path.of(System.getProperty("user.home"), ".godwit", "run", name)
                : logDirectory.toAbsolutePath();
        return run(new LocalCluster.Settings(installation, stateStore, nodes, heap, logs, true), file, name);
    }

    /** The plan can't be read far enough to start nodes: their check says why, with lines and columns. */
    private GodwitException refusal(Installation installation) {
        PlanCheck.Report report = new PlanCheck(installation).run(plan);
        return report.problems().isEmpty()
                ? new GodwitException(
                        ErrorCode.PLAN_WRONG_VALUE,
                        "The plan names no PostgreSQL target that could keep the cluster's state.",
                        plan.toString(),
                        "Name one, or start nodes with a state store by 'godwit node'.")
                : new RefusedException(report.problems());
    }

    private int run(LocalCluster.Settings settings, PlanFile file, String name) {
        MigrationStatus status;
        try (ProgressView view = ProgressView.of(terminal(), answer())) {
            LocalCluster cluster = new LocalCluster(
                    settings,
                    (node, again) -> view.notice(node + " ended with code " + node.exitCode() + "; its log is "
                            + node.log() + (again ? "; it is started again" : "")));
            try (Interruption interruption = new Interruption(cluster::close, this::tellInterrupted)) {
                status = run(cluster, view, file.text(), name, settings.logDirectory());
            } catch (RefusedException e) {
                throw file.refusal(e);
            }
        }
        if (answer() != Answer.JSONL) {
            answer(status, new StatusText(terminal().outStyle()).block(status, List.of(), 0), next(status));
        }
        return Outcome.of(status).orElse(Outcome.FAILURE);
    }

    private MigrationStatus run(LocalCluster cluster, ProgressView view, String text, String name, Path logs) {
        view.notice("Starting " + (nodes == 1 ? "1 node" : nodes + " nodes") + "; logs are in " + logs);
        cluster.start();
        cluster.awaitReady();
        view.notice("Ready; watch it in a browser or by 'godwit status " + name + " --server URL' at "
                + cluster.liveNodes().stream().map(Object::toString).collect(Collectors.joining(", ")));
        MigrationWatch watch = new MigrationWatch(cluster.client(), view, POLL, PATIENCE, cluster::requireLiveNode);
        if (watch.apply(text).allowedActions().contains(Action.RESUME.word())) {
            view.notice("What was paused goes on");
            watch.resume(name);
        }
        return watch.untilEnd(name, status -> last = status);
    }

    private void tellInterrupted() {
        MigrationStatus seen = last;
        boolean snapshotEnded = seen != null && StatusText.needsSnapshot(seen);
        terminal()
                .err()
                .println(
                        snapshotEnded
                                ? "Interrupted; the nodes have ended, and the snapshot with them: with consistency:"
                                        + " snapshot, rows that are not copied yet can't be copied any more. See "
                                        + StatusText.SNAPSHOT_LOST_PAGE
                                : "Interrupted; the nodes have ended. The same command resumes: godwit run " + plan);
    }

    private String next(MigrationStatus status) {
        if (status.phase() == Phase.COMPLETED) {
            return RESULT_PAGE;
        }
        // The nodes have ended, and what they held with them.
        if (StatusText.snapshotIsLost(status) || StatusText.needsSnapshot(status)) {
            return StatusText.SNAPSHOT_LOST_PAGE;
        }
        return status.phase() == Phase.FAILED ? "godwit check " + plan : "godwit run " + plan;
    }
}
