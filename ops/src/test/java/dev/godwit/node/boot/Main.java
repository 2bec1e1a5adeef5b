package dev.godwit.node.boot;

import dev.godwit.ops.client.ContractServer;
import dev.godwit.ops.client.ContractServer.Reply;
import dev.godwit.ops.client.Json;
import dev.godwit.ops.view.Statuses;
import dev.godwit.protocol.check.Remark;
import dev.godwit.protocol.check.RemarkCode;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.status.Health;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.Phase;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Stands in for the node's process in tests of the command line: same main class, same contract, no migration. What it
 * does follows from words in the plan: {@code dies} ends the node that takes the plan, {@code dies once} the first one, {@code disk-full} pauses it, {@code paused-before} says that
 * it is paused since an earlier run, until it is resumed. Of
 * the demo's plan it claims to copy slowly where three nodes are, and to be done at once where two are.
 */
public final class Main {
    private static final int POLLS = 3;
    private static final int DEMO_POLLS = 30;

    private Main() {}

    public static void main(String[] args) throws Exception {
        if (args[0].equals("check")) {
            System.exit(check(Files.readString(Path.of(args[1]))));
        }
        if (System.getProperty("godwit.state-store.host") == null || System.getProperty("godwit.http.port") == null) {
            System.err.println("configuration is missing");
            System.exit(1);
        }
        serve();
    }

    private static int check(String plan) {
        List<Problem> problems = plan.contains("disk-full")
                ? List.of(new Problem(
                        ErrorCode.PLAN_UNKNOWN_KEY, "Unknown key 'disk-full'.", "plan.yaml:3:1", "Remove it."))
                : List.of();
        List<Map<String, Object>> tables = new ArrayList<>();
        tables.add(table("public.a", "KEY", 1000));
        IntStream.range(0, 30).forEach(i -> tables.add(table("public.b" + i, "WHOLE", 10)));
        List<Remark> warnings = List.of(
                new Remark(RemarkCode.SOURCE_CONNECTIONS_FEW, "There are 5.", "db:5432/shop", "Lower the limit."));
        List<Remark> notes = List.of(new Remark(RemarkCode.SPACE_NEEDED, "It needs 12 GB.", "db:5432/copy", ""));
        Map<String, Object> estimate = Map.of("workers", 4, "lowSeconds", 60, "highSeconds", 200, "basis", "a guess.");
        List<Map<String, Object>> leftOut = List.of(Map.of("kind", "index", "name", "public.a by_day", "reason", ""));
        System.out.println(Json.line(Map.of(
                "problems",
                problems,
                "warnings",
                warnings,
                "notes",
                notes,
                "tables",
                tables,
                "leftOut",
                leftOut,
                "estimate",
                estimate)));
        return problems.isEmpty() ? 0 : problems.get(0).code().exitCode();
    }

    private static Map<String, Object> table(String name, String method, long bytes) {
        return Map.of(
                "table",
                name,
                "method",
                method,
                "binary",
                true,
                "estimatedBytes",
                bytes,
                "estimatedRows",
                10,
                "lowSeconds",
                1,
                "highSeconds",
                3);
    }

    private static void serve() throws Exception {
        ContractServer server = new ContractServer();
        AtomicInteger polls = new AtomicInteger();
        AtomicInteger pausedAfter = new AtomicInteger(Integer.MAX_VALUE);
        server.on("POST /v1/migrations", plan -> {
            if (diesNow(plan)) {
                Runtime.getRuntime().halt(137);
            }
            boolean pausedBefore = plan.contains("paused-before");
            pausedAfter.set(pausedBefore ? 0 : plan.contains("disk-full") ? 1 : Integer.MAX_VALUE);
            return new Reply(202, Json.line(pausedBefore ? status(1, 0) : Statuses.copying(0)));
        });
        server.on("POST /v1/migrations/shop:resume", sent -> {
            pausedAfter.set(Integer.MAX_VALUE);
            return new Reply(202, Json.line(Statuses.copying(0)));
        });
        server.on("GET /v1/migrations/shop", sent -> {
            int poll = polls.incrementAndGet();
            return new Reply(200, Json.line(status(poll, pausedAfter.get())));
        });
        server.on("GET /v1/migrations/shop/tables", 200, Map.of("tables", List.of()));
        register(server.url().toString());
        server.on("GET /v1/migrations/demo", sent -> new Reply(200, Json.line(demo(polls.incrementAndGet()))));
        server.on("GET /v1/migrations/demo/tables", 200, Map.of("tables", List.of()));
        server.on("GET /v1/migrations/demo/events", 200, "data: {\"event\":\"node-lost\",\"shards\":2}\n\n");
        System.out.println("godwit node ready on " + server.url());
    }

    /** {@code dies} means each time; {@code dies once FILE} means unless the file is there, which is then made. */
    private static boolean diesNow(String plan) {
        Matcher once = Pattern.compile("dies once (\\S+)").matcher(plan);
        return once.find() ? new File(once.group(1)).mkdir() : plan.contains("dies");
    }

    private static MigrationStatus demo(int poll) {
        List<String> urls = urls();
        return urls.size() < 3 || poll > DEMO_POLLS
                ? Statuses.completed()
                : Statuses.copying(
                        poll * 10_000_000L,
                        urls.stream().map(url -> Statuses.node(url, 2)).toList());
    }

    private static void register(String url) throws Exception {
        try (Connection connection = stateStore();
                PreparedStatement insert = connection.prepareStatement("INSERT INTO stand_in.node VALUES (?)")) {
            try (Statement create = connection.createStatement()) {
                create.execute(
                        "SELECT pg_advisory_lock(1); CREATE SCHEMA IF NOT EXISTS stand_in; CREATE TABLE IF NOT EXISTS stand_in.node (url text)");
            }
            insert.setString(1, url);
            insert.execute();
        }
    }

    private static List<String> urls() {
        try (Connection connection = stateStore();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT url FROM stand_in.node")) {
            List<String> urls = new ArrayList<>();
            while (rows.next()) {
                urls.add(rows.getString(1));
            }
            return urls;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static Connection stateStore() throws Exception {
        String prefix = "godwit.state-store.";
        String file = System.getProperty(prefix + "password.file");
        return DriverManager.getConnection(
                "jdbc:postgresql://" + System.getProperty(prefix + "host") + ":" + System.getProperty(prefix + "port")
                        + "/" + System.getProperty(prefix + "database"),
                System.getProperty(prefix + "user"),
                file == null ? "" : Files.readString(Path.of(file)).strip());
    }

    private static MigrationStatus status(int poll, int pausedAfter) {
        if (poll > pausedAfter) {
            return Statuses.status(
                    Phase.PAUSED,
                    Health.DEGRADED,
                    "",
                    1000,
                    List.of(new Problem(
                            ErrorCode.TARGET_DISK_FULL, "The target's disk is full.", "public.a", "Make room.")));
        }
        return poll > POLLS ? Statuses.completed() : Statuses.copying(poll * 10_000_000L);
    }
}
