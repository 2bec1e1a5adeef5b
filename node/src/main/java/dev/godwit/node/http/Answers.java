package dev.godwit.node.http;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.error.Retry;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/** Responses whose bodies are JSON: plain answers, and problems as of RFC 9457. */
final class Answers {
    static final ContentType PROBLEM_JSON = ContentTypes.parse("application/problem+json");

    private static final String RETRY_AFTER_SECONDS = "2";

    private Answers() {}

    /**
     * A problem as a body of {@code application/problem+json}.
     *
     * @param detail what was found
     * @param problems all that was found, the first of which the other members repeat
     */
    record ProblemBody(
            String type,
            String title,
            int status,
            ErrorCode code,
            String detail,
            String where,
            String fix,
            List<Problem> problems) {}

    static HttpResponse json(int status, Object body) {
        return HttpResponse.create()
                .withStatus(StatusCodes.get(status))
                .withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, Json.text(body)));
    }

    static HttpResponse problem(Problem problem) {
        return problems(List.of(problem));
    }

    static HttpResponse problems(List<Problem> problems) {
        return problems(problems.get(0).code().httpStatus(), problems);
    }

    /** A problem for which HTTP has a closer status than its code's own. */
    static HttpResponse problem(int status, Problem problem) {
        return problems(status, List.of(problem));
    }

    private static HttpResponse problems(int status, List<Problem> problems) {
        Problem first = problems.get(0);
        ProblemBody body = new ProblemBody(
                "urn:godwit:problem:" + first.code(),
                title(first.code()),
                status,
                first.code(),
                first.what(),
                first.where(),
                first.fix(),
                problems);
        HttpResponse response = HttpResponse.create()
                .withStatus(StatusCodes.get(status))
                .withEntity(HttpEntities.create(PROBLEM_JSON, Json.text(body).getBytes(StandardCharsets.UTF_8)));
        return status == 503 && first.code().retry() == Retry.UNTIL_IT_WORKS
                ? response.addHeader(RawHeader.create("Retry-After", RETRY_AFTER_SECONDS))
                : response;
    }

    /** {@code PLAN_UNKNOWN_KEY} reads "Plan unknown key". */
    private static String title(ErrorCode code) {
        String words = code.name().toLowerCase(Locale.ROOT).replace('_', ' ');
        return Character.toUpperCase(words.charAt(0)) + words.substring(1);
    }
}
