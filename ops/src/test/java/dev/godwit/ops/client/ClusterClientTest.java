package dev.godwit.ops.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import dev.godwit.ops.view.Statuses;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ClusterClientTest {
    private final ContractServer first = new ContractServer();
    private final ContractServer second = new ContractServer();

    @AfterEach
    void stop() {
        first.close();
        second.close();
    }

    @Test
    void asks_the_next_node_where_one_is_gone_and_stays_with_it() {
        second.on("GET /v1/migrations/shop", 200, Statuses.copying(5));
        first.close();
        ClusterClient client = new ClusterClient(List.of(first.url(), second.url()));

        assertThat(client.migration("shop").bytes()).isEqualTo(5);

        assertThat(client.node()).isEqualTo(second.url());
    }

    @Test
    void asks_the_next_node_where_one_is_not_ready() {
        first.on(
                "GET /v1/migrations/shop",
                503,
                ContractServer.problem("CLUSTER_NOT_READY", 503, "The node is joining.", ""));
        second.on("GET /v1/migrations/shop", 200, Statuses.copying(5));

        assertThat(new ClusterClient(List.of(first.url(), second.url()))
                        .migration("shop")
                        .name())
                .isEqualTo("shop");
    }

    @Test
    void tells_the_nodes_own_problem_and_does_not_ask_another() {
        ClusterClient client = new ClusterClient(List.of(first.url(), second.url()));

        assertThatExceptionOfType(GodwitException.class)
                .isThrownBy(() -> client.migration("none"))
                .satisfies(e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.MIGRATION_NOT_FOUND);
                    assertThat(e.problem().what()).isEqualTo("There is no such migration.");
                    assertThat(e.problem().where()).isEqualTo("here");
                });
        assertThat(second.requests()).isEmpty();
    }

    @Test
    void tells_every_problem_of_a_refused_plan() {
        Map<String, String> one = Map.of("code", "PLAN_UNKNOWN_KEY", "what", "a", "where", "3:1", "fix", "f");
        Map<String, String> two = Map.of("code", "FROM_THE_FUTURE", "what", "b", "where", "4:1", "fix", "");
        first.on("POST /v1/migrations", 422, Map.of("code", "PLAN_UNKNOWN_KEY", "problems", List.of(one, two)));

        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> new ClusterClient(List.of(first.url())).apply("plan"))
                .satisfies(e -> assertThat(e.problems())
                        .extracting(p -> p.code() + " " + p.what())
                        .containsExactly("PLAN_UNKNOWN_KEY a", "INTERNAL FROM_THE_FUTURE: b"));
    }

    @Test
    void names_all_nodes_if_none_answers() {
        first.close();
        second.close();

        assertThatExceptionOfType(GodwitException.class)
                .isThrownBy(() -> new ClusterClient(List.of(first.url(), second.url())).migrations())
                .satisfies(e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.CLUSTER_NOT_READY);
                    assertThat(e.problem().where())
                            .contains(first.url().toString())
                            .contains(second.url().toString());
                });
    }

    @Test
    void says_so_where_something_else_answers() {
        first.on("GET /v1/migrations", 500, "<html>");

        assertThatExceptionOfType(GodwitException.class)
                .isThrownBy(() -> new ClusterClient(List.of(first.url())).migrations())
                .withMessageContaining("not as a Godwit node does");
    }

    @Test
    void reads_events_up_to_the_completion() {
        first.on("GET /v1/migrations/shop/events", 200, """
                id: 1
                event: node-lost
                data: {"event":"node-lost","node":"n","shards":2}

                id: 2
                event: migration-completed
                data: {"event":"migration-completed","rows":1}

                """);

        List<JsonNode> events = new ClusterClient(List.of(first.url())).events("shop", Duration.ofSeconds(10));

        assertThat(events)
                .extracting(e -> e.path("event").asText())
                .containsExactly("node-lost", "migration-completed");
        assertThat(events.get(0).path("shards").asInt()).isEqualTo(2);
    }

    @Test
    void encodes_names_in_paths() {
        first.on("GET /v1/migrations/a%2Fb/tables/public.x%20%22y/shards", 200, Map.of("shards", List.of()));

        assertThat(new ClusterClient(List.of(first.url())).shards("a/b", "public.x \"y"))
                .isEmpty();
    }

    @Test
    void refuses_urls_that_are_not_plain() {
        for (String url : List.of("ftp://host", "http://user:secret@host", "host:7080", "http://a b", "")) {
            assertThatExceptionOfType(GodwitException.class)
                    .isThrownBy(() -> ClusterClient.of(url))
                    .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.USAGE))
                    .withMessageNotContaining("secret");
        }
        assertThat(ClusterClient.of("http://a:1/, http://b:2").node()).isEqualTo(URI.create("http://a:1"));
    }
}
