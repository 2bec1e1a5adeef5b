package dev.godwit.ops.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.godwit.ops.client.RefusedException;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.PostgresAddress;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A plan as its file has it. The node reads and judges plans; here only the name is looked at, and which database could
 * be the state store.
 *
 * @param path the file
 * @param text its text, at most 1 MB
 */
public record PlanFile(Path path, String text) {
    private static final long MAX_BYTES = 1 << 20;

    /** How a node calls a plan that came over HTTP. */
    private static final String REQUEST = "request body";

    private static final ObjectMapper YAML = YAMLMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();
    private static final int DEFAULT_PORT = 5432;

    /**
     * @throws GodwitException {@link ErrorCode#USAGE} if the file can't be read, {@link ErrorCode#BODY_TOO_LARGE} if it
     *     is no plan by its size
     */
    public static PlanFile read(Path path) {
        try {
            if (Files.size(path) > MAX_BYTES) {
                throw new GodwitException(
                        ErrorCode.BODY_TOO_LARGE, "A plan has at most 1 MB.", path.toString(), "Name the plan's file.");
            }
            return new PlanFile(path, Files.readString(path));
        } catch (CharacterCodingException e) {
            throw unreadable(path, "The file is not UTF-8 text.");
        } catch (NoSuchFileException e) {
            throw unreadable(path, "There is no such file.");
        } catch (IOException e) {
            throw unreadable(path, "The file can't be read.");
        }
    }

    private static GodwitException unreadable(Path path, String what) {
        return new GodwitException(ErrorCode.USAGE, what, path.toString(), "Name the plan's file.");
    }

    /** What a node said of this plan, with the file in place of the request that brought it there. */
    public RefusedException refusal(RefusedException refused) {
        return new RefusedException(refused.problems().stream()
                .map(problem -> !problem.where().startsWith(REQUEST)
                        ? problem
                        : new Problem(
                                problem.code(),
                                problem.what(),
                                path + problem.where().substring(REQUEST.length()),
                                problem.fix()))
                .toList());
    }

    /** The migration's name; empty if the plan has none that is right. */
    public Optional<String> name() {
        String name = tree().path("name").asText("");
        return name.matches("[a-z][a-z0-9_-]{0,62}") ? Optional.of(name) : Optional.empty();
    }

    /** The address of the first target; empty if the plan does not say it well: the node's check tells why. */
    public Optional<PostgresAddress> firstTarget() {
        for (JsonNode target : tree().path("targets")) {
            JsonNode postgres = target.path("postgres");
            if (!postgres.hasNonNull("host") || !postgres.hasNonNull("database") || !postgres.hasNonNull("user")) {
                return Optional.empty();
            }
            try {
                PostgresAddress read = YAML.treeToValue(postgres, PostgresAddress.class);
                return Optional.of(new PostgresAddress(
                        read.host(),
                        read.port() == 0 ? DEFAULT_PORT : read.port(),
                        read.database(),
                        read.user(),
                        read.password(),
                        read.sslmode(),
                        read.properties()));
            } catch (JsonProcessingException e) {
                return Optional.empty();
            }
        }
        return Optional.empty();
    }

    private JsonNode tree() {
        try {
            JsonNode tree = YAML.readTree(text);
            return tree == null ? YAML.createObjectNode() : tree;
        } catch (JsonProcessingException e) {
            return YAML.createObjectNode();
        }
    }
}
