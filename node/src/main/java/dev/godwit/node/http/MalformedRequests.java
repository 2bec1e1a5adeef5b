package dev.godwit.node.http;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import org.apache.pekko.event.LoggingAdapter;
import org.apache.pekko.http.ParsingErrorHandler;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.scaladsl.model.ErrorInfo;
import org.apache.pekko.http.scaladsl.model.StatusCode;
import org.apache.pekko.http.scaladsl.settings.ServerSettings;

/**
 * Answers what is not even HTTP: an illegal address, a header that is too long. Pekko makes the instance by its class
 * name. The caller's bytes are not repeated, neither in the answer nor in the log.
 */
public final class MalformedRequests extends ParsingErrorHandler {
    @Override
    public HttpResponse handle(StatusCode status, ErrorInfo error, LoggingAdapter log, ServerSettings settings) {
        return Answers.problem(
                status.intValue(),
                new Problem(
                        ErrorCode.USAGE,
                        "The request is not HTTP that this node understands: " + status.reason() + ".",
                        "",
                        "Percent-encode names in the path; keep the address under 2048 and each header under 8192 bytes."));
    }
}
