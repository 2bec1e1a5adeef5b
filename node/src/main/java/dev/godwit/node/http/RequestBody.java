package dev.godwit.node.http;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.MediaType;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.util.ByteString;

/**
 * A request's text within its bound. What goes beyond the bound is read and thrown away up to {@link #MAX_DRAINED_BYTES},
 * because a client that is still writing when the connection closes gets a reset instead of the answer.
 */
final class RequestBody {
    static final int MAX_BYTES = 1 << 20;
    static final int MAX_DRAINED_BYTES = 16 << 20;

    private ByteString kept = ByteString.emptyByteString();
    private long seenBytes;

    private RequestBody() {}

    /**
     * Reads the plan's text. Fails with BODY_TOO_LARGE, with PLAN_SYNTAX where the bytes are not UTF-8, and with USAGE
     * (415) where the request says that it holds something else than text.
     */
    static CompletionStage<String> read(HttpRequest request, ActorSystem<?> system) {
        requireText(request);
        return collect(request, system).thenApply(RequestBody::text);
    }

    /** Reads to the end what a request without a use for a body has sent. Fails with BODY_TOO_LARGE. */
    static CompletionStage<Done> discard(HttpRequest request, ActorSystem<?> system) {
        return collect(request, system).thenApply(body -> {
            body.requireWithinBound();
            return Done.getInstance();
        });
    }

    private static CompletionStage<RequestBody> collect(HttpRequest request, ActorSystem<?> system) {
        return request.entity()
                .withoutSizeLimit()
                .getDataBytes()
                .runWith(Sink.fold(new RequestBody(), RequestBody::add), system);
    }

    /** YAML and JSON have many media types, so only what surely is neither is refused. */
    private static void requireText(HttpRequest request) {
        MediaType type = request.entity().getContentType().mediaType();
        boolean form = type.isMultipart() || type.equals(MediaTypes.APPLICATION_X_WWW_FORM_URLENCODED);
        if (form) {
            throw new UsageException(
                    415,
                    "The request holds a form, not a plan.",
                    "header Content-Type",
                    "Send the plan's text as application/yaml or application/json.");
        }
        boolean encoded = request.getHeader("Content-Encoding")
                .filter(header -> !header.value().equalsIgnoreCase("identity"))
                .isPresent();
        if (encoded) {
            throw new UsageException(
                    415, "The plan is compressed.", "header Content-Encoding", "Send the plan's text as it is.");
        }
    }

    private RequestBody add(ByteString bytes) {
        seenBytes += bytes.size();
        if (seenBytes > MAX_DRAINED_BYTES) {
            throw tooLarge();
        }
        kept = seenBytes > MAX_BYTES ? ByteString.emptyByteString() : kept.concat(bytes);
        return this;
    }

    private String text() {
        requireWithinBound();
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(kept.toArray()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new GodwitException(
                    ErrorCode.PLAN_SYNTAX, "The plan is not UTF-8 text.", "request body", "Save the plan as UTF-8.");
        }
    }

    private void requireWithinBound() {
        if (seenBytes > MAX_BYTES) {
            throw tooLarge();
        }
    }

    private static GodwitException tooLarge() {
        return new GodwitException(
                ErrorCode.BODY_TOO_LARGE,
                "The request's body is larger than " + MAX_BYTES + " bytes.",
                "request body",
                "A plan names tables by patterns: use '*' in include and exclude instead of long lists.");
    }
}
