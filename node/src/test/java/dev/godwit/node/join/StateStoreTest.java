package dev.godwit.node.join;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import dev.godwit.node.config.NodeConfiguration;
import dev.godwit.node.config.NodeSettings;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class StateStoreTest {
    private static final Duration HOUR = Duration.ofHours(1);

    private final NodeSettings settings = StoreServer.settings();
    private final StateStore store = StateStore.open(settings.stateStore());

    @AfterEach
    void close() {
        store.close();
    }

    @RepeatedTest(3)
    void eight_nodes_make_the_tables_at_once() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Callable<Void>> nodes = new ArrayList<>();
            for (int node = 0; node < 8; node++) {
                nodes.add(() -> {
                    try (StateStore own = StateStore.open(settings.stateStore())) {
                        own.prepare();
                    }
                    return null;
                });
            }
            for (Future<Void> done : threads.invokeAll(nodes)) {
                done.get();
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(store.jobs()).isEmpty();
    }

    @Test
    void tables_of_others_in_the_schema_stay() {
        StoreServer.execute(settings, "CREATE SCHEMA godwit; CREATE TABLE godwit.claim (migration text)");
        store.prepare();
        StoreServer.execute(settings, "INSERT INTO claim VALUES ('shop')");
        assertThat(store.membership()).isEqualTo(new Membership(Optional.empty(), List.of()));
    }

    @Test
    void needs_no_right_to_create_where_all_is_there() {
        store.prepare();
        String role = "plain_" + settings.stateStore().database();
        StoreServer.execute(
                settings,
                "CREATE ROLE " + role + " LOGIN; GRANT USAGE ON SCHEMA godwit TO " + role
                        + "; GRANT ALL ON ALL TABLES IN SCHEMA godwit TO " + role);
        NodeSettings plain = NodeConfiguration.settings(ConfigFactory.parseString("godwit.state-store.user = " + role)
                .withFallback(StoreServer.configuration(
                        settings.stateStore().port(), settings.stateStore().database())));
        try (StateStore own = StateStore.open(plain.stateStore())) {
            own.prepare();
            assertThat(own.jobs()).isEmpty();
        }
    }

    @Test
    void the_first_job_of_a_name_wins() {
        store.prepare();
        Job first = store.addJob("shop", "{\"name\":\"shop\"}", "abc", "cli");
        Job second = store.addJob("shop", "{}", "def", "http");
        assertThat(second).isEqualTo(first);
        assertThat(first.ended()).isFalse();
        store.endJob("shop");
        assertThat(store.job("shop"))
                .hasValueSatisfying(job -> assertThat(job.ended()).isTrue());
        store.reopenJob("shop");
        assertThat(store.jobs()).containsExactly(first);
        assertThat(store.job("other")).isEmpty();
    }

    @Test
    void a_node_that_starts_again_is_no_member_until_it_joins() {
        store.prepare();
        Registration node = node(1);
        UUID cluster = form();
        store.register(node, HOUR);
        assertThat(store.membership().members()).isEmpty();
        assertThat(store.heartbeat(node, cluster)).contains(cluster);
        assertThat(store.membership().members()).extracting(Member::node).containsExactly(node);
        store.register(node, HOUR);
        assertThat(store.membership().members()).isEmpty();
    }

    @Test
    void a_heartbeat_for_another_cluster_changes_nothing() {
        store.prepare();
        UUID old = form();
        store.heartbeat(node(1), old);
        UUID current = form();
        assertThat(store.heartbeat(node(1), old)).contains(current);
        assertThat(store.membership().members()).isEmpty();
    }

    @Test
    void old_rows_go_and_others_stay_when_a_node_registers() {
        store.prepare();
        UUID cluster = form();
        store.heartbeat(node(1), cluster);
        StoreServer.execute(settings, "UPDATE node SET last_seen = now() - interval '61 minutes'");
        store.heartbeat(node(2), cluster);
        store.register(node(3), HOUR);
        assertThat(store.membership().members()).extracting(Member::node).containsExactly(node(2));
    }

    @Test
    void one_at_a_time_may_form_a_cluster() {
        store.prepare();
        try (FormationLock lock = store.tryFormationLock().orElseThrow()) {
            assertThat(lock.newIncarnation("one")).isNotNull();
            assertThat(store.tryFormationLock()).isEmpty();
        }
        form();
    }

    @Test
    void a_missing_database_is_told_in_our_own_words() {
        NodeSettings wrong = NodeConfiguration.settings(
                StoreServer.configuration(settings.stateStore().port(), "absent"));
        try (StateStore absent = StateStore.open(wrong.stateStore())) {
            assertThatThrownBy(absent::prepare)
                    .isInstanceOfSatisfying(
                            GodwitException.class,
                            e -> assertThat(e.code()).isEqualTo(ErrorCode.STATE_STORE_UNREACHABLE));
        }
    }

    private UUID form() {
        try (FormationLock lock = store.tryFormationLock().orElseThrow()) {
            return lock.newIncarnation("test");
        }
    }

    private static Registration node(int number) {
        return new Registration("pekko://godwit@127.0.0.1:" + number, List.of("a", "b"), "1", "http://x");
    }
}
