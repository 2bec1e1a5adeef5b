package dev.godwit.node.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.Phase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NodeMetricsTest {
    private static final Pattern SAMPLE = Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{[^}]*})? (\\S+)");

    private final InMemoryGateway gateway = new InMemoryGateway();
    private final SteppingClock clock = new SteppingClock();
    private final NodeMetrics metrics = new NodeMetrics(gateway, () -> 3, "0.1.0-test", clock);

    @AfterEach
    void stop() {
        metrics.close();
    }

    private String scrape() {
        return metrics.scrape().toCompletableFuture().join();
    }

    @Test
    void the_text_parses_and_every_family_has_help_and_type() {
        gateway.put(InMemoryGateway.status("shop", Phase.COPYING));
        Set<String> helped = new TreeSet<>();
        Set<String> typed = new TreeSet<>();

        for (String line : scrape().split("\n", -1)) {
            if (line.startsWith("# HELP ")) {
                String[] words = line.split(" ", 4);
                assertThat(words[3]).as(line).isNotBlank();
                helped.add(words[2]);
            } else if (line.startsWith("# TYPE ")) {
                typed.add(line.split(" ", 4)[2]);
            } else if (!line.isEmpty()) {
                Matcher sample = SAMPLE.matcher(line);
                assertThat(sample.matches()).as(line).isTrue();
                String family = sample.group(1).replaceAll("_(count|sum|bucket)$", "");
                assertThat(sample.group(1)).startsWith("godwit_");
                assertThat(helped.contains(sample.group(1)) || helped.contains(family))
                        .as(line)
                        .isTrue();
                assertThatCode(() -> Double.parseDouble(sample.group(3)))
                        .as(line)
                        .doesNotThrowAnyException();
            }
        }

        assertThat(typed).isEqualTo(helped);
    }

    @Test
    void a_migration_is_told_in_full() {
        gateway.put(InMemoryGateway.status("shop", Phase.COPYING));

        String text = scrape();

        assertThat(text.lines())
                .contains(
                        "# TYPE godwit_migration_rows_total counter",
                        "godwit_migration_rows_total{migration=\"shop\"} 1000.0",
                        "godwit_migration_bytes_total{migration=\"shop\"} 64000.0",
                        "godwit_migration_live_rows{migration=\"shop\"} 10.0",
                        "godwit_migration_live_bytes{migration=\"shop\"} 640.0",
                        "godwit_migration_estimated_bytes{migration=\"shop\"} 128000.0",
                        "godwit_migration_shards_done_total{migration=\"shop\"} 11.0",
                        "godwit_migration_shards_running{migration=\"shop\"} 3.0",
                        "godwit_migration_retries_total{migration=\"shop\"} 4.0",
                        "godwit_migration_eta_low_seconds{migration=\"shop\"} 70.0",
                        "godwit_migration_eta_high_seconds{migration=\"shop\"} 90.0",
                        "godwit_migration_tables{migration=\"shop\",state=\"completed\"} 2.0",
                        "godwit_migration_tables{migration=\"shop\",state=\"paused\"} 1.0",
                        "godwit_migration_tables{migration=\"shop\",state=\"open\"} 2.0",
                        "godwit_migration_phase{migration=\"shop\",phase=\"copying\"} 1.0",
                        "godwit_migration_phase{migration=\"shop\",phase=\"paused\"} 0.0",
                        "godwit_migration_health{health=\"running\",migration=\"shop\"} 1.0",
                        "godwit_migration_health{health=\"stalled\",migration=\"shop\"} 0.0",
                        "godwit_migration_limit{by=\"target\",migration=\"shop\"} 1.0",
                        "godwit_migration_limit{by=\"network\",migration=\"shop\"} 0.0",
                        "godwit_migration_in_flight{migration=\"shop\",what=\"builds\"} 1.0",
                        "godwit_migration_in_flight{migration=\"shop\",what=\"allowed\"} 4.0",
                        "godwit_migration_in_flight{migration=\"shop\",what=\"ceiling\"} 5.0",
                        "godwit_migration_changes_captured_total{kind=\"insert\",migration=\"shop\"} 17.0",
                        "godwit_migration_changes_applied_total{kind=\"truncate\",migration=\"shop\"} 10.0",
                        "godwit_migration_capture_alarms{migration=\"shop\"} 0.0",
                        "godwit_cluster_members 3.0");
        assertThat(text)
                .containsPattern("godwit_migration_last_checkpoint_timestamp_seconds\\{migration=\"shop\"} 1\\.79");
        assertThat(text).contains("godwit_build_info{java=").contains("version=\"0.1.0-test\"");
        assertThat(text)
                .contains("godwit_jvm_memory_used_bytes{area=\"heap\"")
                .contains("godwit_jvm_threads_live_threads")
                .contains("godwit_process_cpu_usage")
                .contains("godwit_jvm_gc_");
    }

    @Test
    void what_is_unknown_has_no_sample() {
        MigrationStatus known = InMemoryGateway.status("young", Phase.COPYING);
        gateway.put(new MigrationStatus(
                known.name(),
                known.phase(),
                known.health(),
                "",
                null,
                known.consistency(),
                known.schema(),
                known.schemaReason(),
                known.guarantee(),
                known.submittedAt(),
                null,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                -1,
                -1,
                0,
                0,
                0,
                0,
                0,
                0,
                List.of(),
                null,
                List.of(),
                List.of(),
                List.of()));

        assertThat(scrape().lines())
                .contains("godwit_migration_rows_total{migration=\"young\"} 0.0")
                .noneMatch(line -> line.startsWith("godwit_migration_eta"))
                .noneMatch(line -> line.startsWith("godwit_migration_limit"))
                .noneMatch(line -> line.startsWith("godwit_migration_last_checkpoint"));
    }

    @Test
    void the_gateway_is_asked_at_most_once_in_five_seconds() {
        scrape();
        scrape();
        clock.advance(Duration.ofMillis(4_999));
        scrape();
        assertThat(gateway.lists).hasValue(1);

        clock.advance(Duration.ofMillis(1));
        scrape();
        assertThat(gateway.lists).hasValue(2);
    }

    @Test
    void a_scrape_waits_two_seconds_at_most_tells_what_was_known_and_asks_once() {
        gateway.put(InMemoryGateway.status("shop", Phase.COPYING));
        scrape();
        gateway.listingBy(CompletableFuture::new);
        clock.advance(RecentMigrations.MIN_AGE);

        long begin = System.nanoTime();
        String text = scrape();
        Duration taken = Duration.ofNanos(System.nanoTime() - begin);
        clock.advance(RecentMigrations.MIN_AGE);
        CompletableFuture<String> meanwhile = metrics.scrape().toCompletableFuture();

        assertThat(taken).isBetween(Duration.ofMillis(1_500), Duration.ofSeconds(10));
        assertThat(text).contains("godwit_migration_rows_total{migration=\"shop\"} 1000.0");
        assertThat(meanwhile.join()).isNotEmpty();
        assertThat(gateway.lists)
                .as("the question under way is not asked again")
                .hasValue(2);
    }

    @Test
    void a_failing_gateway_is_counted_and_leaves_the_rest_readable() {
        gateway.listingBy(() -> CompletableFuture.failedFuture(new IllegalStateException("row value hunter2")));
        String failed = scrape();
        gateway.listingBy(() -> {
            throw new IllegalStateException("row value hunter2");
        });
        clock.advance(RecentMigrations.MIN_AGE);
        String thrown = scrape();

        assertThat(failed).contains("godwit_migrations_read_failures_total 1.0").doesNotContain("hunter2");
        assertThat(thrown)
                .contains("godwit_migrations_read_failures_total 2.0")
                .contains("godwit_jvm_memory_used_bytes");
        assertThat(failed).doesNotContain("godwit_migrations_read_timestamp_seconds");
    }

    @Test
    void a_migration_that_is_gone_leaves_no_series() {
        gateway.put(InMemoryGateway.status("shop", Phase.COPYING));
        scrape();
        gateway.listingBy(() -> CompletableFuture.completedFuture(List.of()));
        clock.advance(RecentMigrations.MIN_AGE);

        assertThat(scrape()).doesNotContain("migration=\"shop\"");
    }

    @Test
    void the_endpoint_answers_in_the_text_format() {
        try (RunningServer server = new RunningServer(gateway, RunningServer.settings())) {
            RunningServer.Answer answer = server.get("/metrics");

            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.contentType()).startsWith("text/plain; version=0.0.4");
            assertThat(answer.response().body()).contains("# TYPE godwit_cluster_members gauge");
        }
    }

    @Test
    void the_reference_names_every_family_of_ours_and_no_other() throws IOException {
        gateway.put(InMemoryGateway.status("shop", Phase.COPYING));
        Set<String> told = new TreeSet<>();
        for (String line : scrape().split("\n", -1)) {
            if (line.startsWith("# TYPE ") && line.matches(".*godwit_(migration|cluster|build).*")) {
                told.add(line.split(" ", 4)[2]);
            }
        }

        Set<String> documented = new TreeSet<>();
        Matcher row = Pattern.compile("^\\| `(godwit_(?:migration|cluster|build)\\w+)", Pattern.MULTILINE)
                .matcher(Files.readString(Path.of("..", "docs", "reference", "metrics.md")));
        while (row.find()) {
            documented.add(row.group(1));
        }

        assertThat(documented).isEqualTo(told);
    }

    private static final class SteppingClock extends Clock {
        private Instant now = Instant.parse("2026-11-21T00:00:00Z");

        void advance(Duration step) {
            now = now.plus(step);
        }

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
