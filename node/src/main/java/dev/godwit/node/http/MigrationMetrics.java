package dev.godwit.node.http;

import dev.godwit.protocol.status.ChangeCounts;
import dev.godwit.protocol.status.CountedChanges;
import dev.godwit.protocol.status.Health;
import dev.godwit.protocol.status.InFlight;
import dev.godwit.protocol.status.Limit;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.NodeStatus;
import dev.godwit.protocol.status.Phase;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;

/**
 * The migrations' status as metrics, made anew from the latest answer at each scrape, so that a migration that is gone
 * leaves no series behind. What is unknown has no sample.
 */
final class MigrationMetrics implements MultiCollector {
    private final RecentMigrations migrations;

    MigrationMetrics(RecentMigrations migrations) {
        this.migrations = migrations;
    }

    @Override
    public MetricSnapshots collect() {
        RecentMigrations.Answer answer = migrations.latest();
        List<MigrationStatus> all = answer.migrations();
        List<MetricSnapshot> families = new ArrayList<>(List.of(
                counter("rows", "Rows whose claims are committed in the targets.", all, MigrationStatus::rows),
                counter("bytes", "Bytes of rows whose claims are committed.", all, MigrationStatus::bytes),
                counter("shards_done", "Shards landed.", all, MigrationStatus::shardsDone),
                counter("retries", "Failed tries of shards.", all, MigrationStatus::retries),
                gauge("live_rows", "Rows under way, not yet committed.", all, MigrationStatus::liveRows),
                gauge("live_bytes", "Bytes under way, not yet committed.", all, MigrationStatus::liveBytes),
                gauge("estimated_bytes", "Bytes that are to travel in all.", all, MigrationStatus::estimatedBytes),
                gauge("shards_running", "Shards under way.", all, MigrationStatus::shardsRunning),
                known("eta_low_seconds", "Lower end of the time left.", all, MigrationStatus::etaLowSeconds),
                known("eta_high_seconds", "Upper end of the time left.", all, MigrationStatus::etaHighSeconds),
                known(
                        "last_checkpoint_timestamp_seconds",
                        "When a claim was last seen committed, in seconds since 1970.",
                        all,
                        status -> epochSecond(status.lastCheckpointAt())),
                tables(all),
                phases(all),
                health(all),
                limits(all),
                inFlight(all),
                readFailures(answer.failures())));
        captures(all, families);
        if (answer.at() != null) {
            families.add(GaugeSnapshot.builder()
                    .name("godwit_migrations_read_timestamp_seconds")
                    .help("When this node last learnt the migrations' status, in seconds since 1970.")
                    .dataPoint(gaugePoint(Labels.EMPTY, (double) answer.at().getEpochSecond()))
                    .build());
        }
        return new MetricSnapshots(families);
    }

    /** Nothing of a migration that captures no changes. */
    private static void captures(List<MigrationStatus> all, List<MetricSnapshot> families) {
        List<MigrationStatus> some =
                all.stream().filter(status -> status.capture() != null).toList();
        families.add(gauge(
                "capture_running",
                "1 if changes are read and applied.",
                some,
                s -> s.capture().running() ? 1 : 0));
        families.add(known(
                "capture_behind_bytes",
                "Bytes of the source's log that are not yet known to be in the target.",
                some,
                s -> s.capture().bytesBehind()));
        GaugeSnapshot.Builder seconds = family(
                "capture_behind_seconds",
                "How long ago all that was committed at the source is in the target, by the source's clock.");
        some.stream()
                .filter(s -> s.capture().secondsBehind() >= 0)
                .forEach(s -> seconds.dataPoint(gaugePoint(of(s), s.capture().secondsBehind())));
        families.add(seconds.build());
        families.add(known(
                "capture_retained_bytes",
                "What the source keeps of its log for the slot.",
                some,
                s -> s.capture().retainedBytes()));
        families.add(known(
                "capture_safe_bytes",
                "How much may still be written before the slot is lost.",
                some,
                s -> s.capture().safeBytes()));
        families.add(changes(some, "captured", "Changes that the source's log has told.", CountedChanges::captured));
        families.add(changes(some, "applied", "Changes that are durable in the target.", CountedChanges::applied));
        families.add(gauge(
                "capture_alarms",
                "What a person should look at although it goes on: the source keeps too much of its log.",
                some,
                s -> s.alarms().size()));
    }

    private static MetricSnapshot changes(
            List<MigrationStatus> some, String name, String help, Function<CountedChanges, ChangeCounts> which) {
        CounterSnapshot.Builder family = CounterSnapshot.builder()
                .name("godwit_migration_changes_" + name)
                .help(help);
        for (MigrationStatus status : some) {
            ChangeCounts counts = which.apply(status.capture().counted());
            Map.of(
                            "insert", counts.inserted(),
                            "update", counts.updated(),
                            "delete", counts.deleted(),
                            "truncate", counts.truncated())
                    .forEach((kind, count) -> family.dataPoint(CounterDataPointSnapshot.builder()
                            .labels(of(status).add("kind", kind))
                            .value(count.doubleValue())
                            .build()));
        }
        return family.build();
    }

    private static MetricSnapshot counter(
            String name, String help, List<MigrationStatus> all, ToLongFunction<MigrationStatus> value) {
        CounterSnapshot.Builder family =
                CounterSnapshot.builder().name("godwit_migration_" + name).help(help);
        for (MigrationStatus status : all) {
            family.dataPoint(CounterDataPointSnapshot.builder()
                    .labels(of(status))
                    .value((double) value.applyAsLong(status))
                    .build());
        }
        return family.build();
    }

    private static MetricSnapshot gauge(
            String name, String help, List<MigrationStatus> all, ToLongFunction<MigrationStatus> value) {
        GaugeSnapshot.Builder family = family(name, help);
        all.forEach(status -> family.dataPoint(gaugePoint(of(status), (double) value.applyAsLong(status))));
        return family.build();
    }

    /** A gauge whose negative values mean "unknown". */
    private static MetricSnapshot known(
            String name, String help, List<MigrationStatus> all, ToLongFunction<MigrationStatus> value) {
        return gauge(
                name,
                help,
                all.stream().filter(status -> value.applyAsLong(status) >= 0).toList(),
                value);
    }

    private static MetricSnapshot tables(List<MigrationStatus> all) {
        GaugeSnapshot.Builder family = family("tables", "Tables by state; open ones are neither completed nor paused.");
        for (MigrationStatus status : all) {
            int open = status.tablesTotal() - status.tablesDone() - status.tablesPaused();
            family.dataPoint(gaugePoint(of(status).add("state", "completed"), status.tablesDone()));
            family.dataPoint(gaugePoint(of(status).add("state", "paused"), status.tablesPaused()));
            family.dataPoint(gaugePoint(of(status).add("state", "open"), open));
        }
        return family.build();
    }

    private static MetricSnapshot phases(List<MigrationStatus> all) {
        GaugeSnapshot.Builder family = family("phase", "1 for the phase in which the migration is, 0 for the others.");
        for (MigrationStatus status : all) {
            for (Phase phase : Phase.values()) {
                family.dataPoint(gaugePoint(of(status).add("phase", phase.word()), phase == status.phase() ? 1 : 0));
            }
        }
        return family.build();
    }

    private static MetricSnapshot health(List<MigrationStatus> all) {
        GaugeSnapshot.Builder family = family("health", "1 for the health that the migration has, 0 for the others.");
        for (MigrationStatus status : all) {
            for (Health health : Health.values()) {
                String word = health.name().toLowerCase(Locale.ROOT);
                family.dataPoint(gaugePoint(of(status).add("health", word), health == status.health() ? 1 : 0));
            }
        }
        return family.build();
    }

    /** Nothing of a migration that does not run. */
    private static MetricSnapshot limits(List<MigrationStatus> all) {
        GaugeSnapshot.Builder family = family("limit", "1 for what holds the migration now, 0 for the others.");
        for (MigrationStatus status : all) {
            for (Limit limit : status.limit() == null ? new Limit[0] : Limit.values()) {
                boolean holds = limit == status.limit().by();
                family.dataPoint(gaugePoint(of(status).add("by", limit.word()), holds ? 1 : 0));
            }
        }
        return family.build();
    }

    private static MetricSnapshot inFlight(List<MigrationStatus> all) {
        GaugeSnapshot.Builder family = family(
                "in_flight", "Shards and index builds of all nodes: under way, allowed now, and at most by the plan.");
        for (MigrationStatus status : all) {
            int builds = sum(status, InFlight::builds);
            family.dataPoint(gaugePoint(of(status).add("what", "shards"), status.shardsRunning()));
            family.dataPoint(gaugePoint(of(status).add("what", "builds"), builds));
            family.dataPoint(gaugePoint(of(status).add("what", "allowed"), sum(status, InFlight::allowed)));
            family.dataPoint(gaugePoint(of(status).add("what", "ceiling"), sum(status, InFlight::ceiling)));
        }
        return family.build();
    }

    private static int sum(MigrationStatus status, ToIntFunction<InFlight> count) {
        return status.nodes().stream().map(NodeStatus::inFlight).mapToInt(count).sum();
    }

    private static MetricSnapshot readFailures(long failures) {
        return CounterSnapshot.builder()
                .name("godwit_migrations_read_failures")
                .help("How often this node could not learn the migrations' status for its metrics.")
                .dataPoint(CounterDataPointSnapshot.builder()
                        .value((double) failures)
                        .build())
                .build();
    }

    private static GaugeSnapshot.Builder family(String name, String help) {
        return GaugeSnapshot.builder().name("godwit_migration_" + name).help(help);
    }

    private static GaugeDataPointSnapshot gaugePoint(Labels labels, double value) {
        return GaugeDataPointSnapshot.builder().labels(labels).value(value).build();
    }

    private static Labels of(MigrationStatus status) {
        return Labels.of("migration", status.name());
    }

    private static long epochSecond(Instant instant) {
        return instant == null ? -1 : instant.getEpochSecond();
    }
}
