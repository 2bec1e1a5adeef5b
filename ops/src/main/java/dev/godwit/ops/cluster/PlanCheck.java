package dev.godwit.ops.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.godwit.ops.client.Json;
import dev.godwit.protocol.check.Remark;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Has a node's JVM check a plan: it reads plan and databases and writes nothing. */
public final class PlanCheck {
    /** A plan may mean 200,000 tables, each with columns, keys and indexes. */
    private static final String HEAP = "1g";

    private final Installation installation;

    public PlanCheck(Installation installation) {
        this.installation = installation;
    }

    /**
     * What was found.
     *
     * @param json as the node gave it
     * @param problems all of them; empty if the plan can be run
     * @param warnings what may go wrong
     * @param notes what is good to know
     * @param exitCode of the node's check: 0, or the code of the first problem
     */
    public record Report(
            JsonNode json, List<Problem> problems, List<Remark> warnings, List<Remark> notes, int exitCode) {
        public Report {
            problems = List.copyOf(problems);
            warnings = List.copyOf(warnings);
            notes = List.copyOf(notes);
        }
    }

    /** @throws GodwitException {@link ErrorCode#INTERNAL} if the check itself failed */
    public Report run(Path plan) {
        Path log = null;
        try {
            log = Files.createTempFile("godwit-check-", ".log");
            Process process = new ProcessBuilder(installation.nodeCommand(
                            HEAP, Map.of(), "check", plan.toAbsolutePath().toString()))
                    .redirectError(log.toFile())
                    .start();
            process.getOutputStream().close();
            byte[] answer = process.getInputStream().readAllBytes();
            return read(new String(answer, StandardCharsets.UTF_8), process.waitFor(), log);
        } catch (IOException e) {
            throw failed("The node's check could not be run.", "");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed("The check was interrupted.", "");
        } finally {
            delete(log);
        }
    }

    private static Report read(String answer, int exitCode, Path log) throws IOException {
        JsonNode json;
        try {
            json = Json.MAPPER.readTree(answer);
        } catch (JsonProcessingException e) {
            json = null;
        }
        if (json == null || !json.path("problems").isArray()) {
            throw failed("The node's check ended with code " + exitCode + " and no answer.", LogTail.of(log));
        }
        return new Report(
                json,
                all(json.path("problems"), Problem.class),
                all(json.path("warnings"), Remark.class),
                all(json.path("notes"), Remark.class),
                exitCode);
    }

    private static <T> List<T> all(JsonNode list, Class<T> type) throws JsonProcessingException {
        List<T> all = new ArrayList<>();
        for (JsonNode one : list) {
            all.add(Json.MAPPER.treeToValue(one, type));
        }
        return all;
    }

    private static GodwitException failed(String what, String log) {
        return new GodwitException(
                ErrorCode.INTERNAL,
                what + (log.isEmpty() ? "" : " Its log ends:\n" + log),
                "",
                "Report this as a bug.");
    }

    private static void delete(Path log) {
        if (log == null) {
            return;
        }
        try {
            Files.deleteIfExists(log);
        } catch (IOException e) {
            log.toFile().deleteOnExit();
        }
    }
}
