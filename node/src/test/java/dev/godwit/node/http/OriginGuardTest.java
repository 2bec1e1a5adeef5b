package dev.godwit.node.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OriginGuardTest {
    private final OriginGuard onLoopback = new OriginGuard(true);
    private final OriginGuard onAnyAddress = new OriginGuard(false);

    private static HttpRequest get(String... namesAndValues) {
        return HttpRequest.GET("/v1/migrations").withHeaders(headers(namesAndValues));
    }

    private static HttpRequest post(String... namesAndValues) {
        return HttpRequest.POST("/v1/migrations").withHeaders(headers(namesAndValues));
    }

    private static List<HttpHeader> headers(String... namesAndValues) {
        List<HttpHeader> headers = new ArrayList<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            headers.add(RawHeader.create(namesAndValues[i], namesAndValues[i + 1]));
        }
        return headers;
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "LOCALHOST:7080", "127.0.0.1:7080", "127.9.9.9", "[::1]", "[::1]:7080"})
    void a_loopback_host_may_read_and_write(String host) {
        assertThat(onLoopback.refusal(get("Host", host))).isEmpty();
        assertThat(onLoopback.refusal(post("Host", host))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "evil.example",
                "evil.example:7080",
                "localhost.evil.example",
                "127.0.0.1.evil.example",
                "10.0.0.1",
                "",
                "127.0.0.1:7080@evil.example",
                "localhost evil"
            })
    void any_other_host_is_refused_on_loopback_even_for_reading(String host) {
        assertThat(onLoopback.refusal(get("Host", host))).isPresent();
        assertThat(onLoopback.refusal(post("Host", host))).isPresent();
    }

    @Test
    void a_server_for_other_machines_takes_any_host() {
        assertThat(onAnyAddress.refusal(get("Host", "godwit.example"))).isEmpty();
        assertThat(onAnyAddress.refusal(post("Host", "godwit.example:7080"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://localhost:7080", "https://localhost:7080"})
    void the_nodes_own_page_may_write(String origin) {
        assertThat(onLoopback.refusal(post("Host", "localhost:7080", "Origin", origin)))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://evil.example", "null", "http://localhost:3000", "http://127.0.0.1:7080", "file://"})
    void a_page_of_another_origin_may_not_write(String origin) {
        HttpRequest request = post("Host", "localhost:7080", "Origin", origin);

        assertThat(onLoopback.refusal(request)).isPresent();
        assertThat(onAnyAddress.refusal(request)).isPresent();
    }

    @ParameterizedTest
    @CsvSource({"cross-site,true", "same-site,true", "Cross-Site,true", "same-origin,false", "none,false"})
    void a_browsers_own_word_for_the_site_counts(String site, boolean refused) {
        HttpRequest request = post("Host", "localhost:7080", "Sec-Fetch-Site", site);

        assertThat(onLoopback.refusal(request).isPresent()).isEqualTo(refused);
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1,true", "localhost,true", "::1,true", "127.1.2.3,true", "0.0.0.0,false", "::,false"})
    void loopback_is_known_by_name_and_address(String host, boolean loopback) {
        assertThat(OriginGuard.isLoopback(host)).isEqualTo(loopback);
    }
}
