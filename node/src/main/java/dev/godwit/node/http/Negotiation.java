package dev.godwit.node.http;

import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.MediaRange;
import org.apache.pekko.http.javadsl.model.MediaType;
import org.apache.pekko.http.javadsl.model.headers.Accept;

/** Whether the caller takes what a route has to give. Each route gives one media type; problems are given to all. */
final class Negotiation {
    private Negotiation() {}

    /** Throws a 406 problem if the Accept headers leave out the media type. */
    static void require(HttpRequest request, MediaType offered) {
        List<MediaRange> ranges = new ArrayList<>();
        for (HttpHeader header : request.getHeaders()) {
            if (header instanceof Accept accept) {
                accept.getMediaRanges().forEach(ranges::add);
            }
        }
        if (!ranges.isEmpty() && ranges.stream().noneMatch(range -> range.qValue() > 0 && range.matches(offered))) {
            throw new UsageException(
                    406,
                    "The answer is " + offered + ", which the request does not accept.",
                    "header Accept",
                    "Accept " + offered + " or */*.");
        }
    }
}
