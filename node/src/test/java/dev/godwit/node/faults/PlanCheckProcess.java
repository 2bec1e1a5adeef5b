package dev.godwit.node.faults;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.godwit.node.http.Json;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What {@code check PLAN} of a node's main class did, in a process of its own.
 *
 * @param exitCode of the process
 * @param output its standard output
 * @param errors its standard error
 */
record PlanCheckProcess(int exitCode, String output, String errors) {
    static PlanCheckProcess run(Path directory, String plan) {
        try {
            Path file = Files.writeString(Files.createTempFile(directory, "plan", ".yaml"), plan);
            Path output = Files.createTempFile(directory, "output", ".json");
            Path errors = Files.createTempFile(directory, "errors", ".txt");
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx128m",
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("java.class.path"),
                            "dev.godwit.node.boot.Main",
                            "check",
                            file.toString())
                    .redirectOutput(output.toFile())
                    .redirectError(errors.toFile())
                    .start();
            if (!process.waitFor(90, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("the check does not end: " + Files.readString(errors));
            }
            return new PlanCheckProcess(process.exitValue(), Files.readString(output), Files.readString(errors));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    List<Problem> problems() {
        return problems(output);
    }

    /** The whole answer. */
    JsonNode report() {
        try {
            return Json.mapper().readTree(output);
        } catch (JsonProcessingException e) {
            throw new AssertionError("not JSON: " + output, e);
        }
    }

    /** Codes of one list of the answer. */
    List<String> codes(String list) {
        return report().get(list).findValuesAsText("code");
    }

    /** The {@code problems} of a JSON text: of a check, or of an answer over HTTP. */
    static List<Problem> problems(String json) {
        try {
            List<Problem> problems = new ArrayList<>();
            for (JsonNode one : Json.mapper().readTree(json).get("problems")) {
                problems.add(new Problem(
                        ErrorCode.valueOf(one.get("code").asText()),
                        one.get("what").asText(),
                        one.get("where").asText(),
                        one.get("fix").asText()));
            }
            return problems;
        } catch (JsonProcessingException e) {
            throw new AssertionError("not JSON: " + json, e);
        }
    }
}
