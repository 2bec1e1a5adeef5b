package dev.godwit.ops.command;

import dev.godwit.ops.client.ClusterClient;
import dev.godwit.ops.view.Answer;
import dev.godwit.ops.view.MigrationWatch;
import dev.godwit.ops.view.Outcome;
import dev.godwit.ops.view.ProgressView;
import dev.godwit.ops.view.StatusText;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.TableStatus;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What a cluster says of its migrations. */
@Command(name = "status", description = "Shows all migrations, or one with its tables.")
final class StatusCommand extends Verb {
    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Mixin
    private ServerOption server;

    @Parameters(paramLabel = "NAME", arity = "0..1", description = "Name of the migration.")
    private String name;

    @Option(names = "--watch", description = "Follow it until it ends; the exit code is then its outcome.")
    private boolean watch;

    @Option(
            names = "--tables",
            paramLabel = "N",
            description = "Show the N biggest tables (default: ${DEFAULT-VALUE}).")
    private int tablesShown = 20;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        ClusterClient client = server.client(terminal());
        if (name == null) {
            if (watch) {
                throw new ParameterException(spec.commandLine(), "--watch follows one migration: give its NAME.");
            }
            return all(client);
        }
        return watch ? follow(client) : one(client);
    }

    private int all(ClusterClient client) {
        List<MigrationStatus> migrations = client.migrations();
        if (answer() == Answer.JSONL) {
            migrations.forEach(migration -> terminal().out().println(dev.godwit.ops.client.Json.line(migration)));
            return 0;
        }
        answer(
                Map.of("migrations", migrations),
                migrations.isEmpty()
                        ? List.of("There is no migration.")
                        : new StatusText(terminal().outStyle()).list(migrations),
                migrations.isEmpty()
                        ? "godwit apply PLAN" + server.suffix()
                        : "godwit status " + migrations.get(0).name() + server.suffix());
        return 0;
    }

    private int one(ClusterClient client) {
        MigrationStatus status = client.migration(name);
        show(status, client.tables(name));
        return 0;
    }

    private int follow(ClusterClient client) {
        MigrationStatus status;
        try (ProgressView view = ProgressView.of(terminal(), answer())) {
            status = new MigrationWatch(client, view, POLL, PATIENCE, () -> {}).untilEnd(name, s -> {});
        }
        if (answer() != Answer.JSONL) {
            show(status, client.tables(name));
        }
        return Outcome.of(status).orElse(Outcome.FAILURE);
    }

    private void show(MigrationStatus status, List<TableStatus> tables) {
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("migration", status);
        value.put("tables", tables);
        answer(value, new StatusText(terminal().outStyle()).block(status, tables, tablesShown), next(status));
    }

    private String next(MigrationStatus status) {
        boolean stopped = status.phase() == Phase.PAUSED || status.tablesPaused() > 0;
        if (stopped && status.allowedActions().contains("resume")) {
            return "godwit resume " + status.name() + server.suffix();
        }
        if (StatusText.snapshotIsLost(status)) {
            return StatusText.SNAPSHOT_LOST_PAGE;
        }
        if (status.phase() == Phase.FAILED) {
            return "godwit check PLAN";
        }
        return status.phase().ended()
                ? "godwit status" + server.suffix()
                : "godwit status " + status.name() + " --watch" + server.suffix();
    }
}
