package dev.godwit.load.copy;

import dev.godwit.load.cluster.EventLog;
import dev.godwit.load.cluster.GodwitApi;
import dev.godwit.load.cluster.GodwitNode;
import dev.godwit.load.cluster.PlanText;
import dev.godwit.load.measure.ProcessorTime;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/**
 * One node of Godwit, started for the round, with its state store in the target's database, as {@code godwit run} has
 * it. The table is there without a key, so that nothing is built beside the copy.
 */
final class GodwitCopy {
    private static final Duration WITHIN = Duration.ofHours(2);

    private final Rigging rigging;

    GodwitCopy(Rigging rigging) {
        this.rigging = rigging;
    }

    private record Spent(double source, double target, double node) {}

    Carried carry(int workers, String name) {
        Instant started = Instant.now();
        try (GodwitNode node = GodwitNode.start(
                new GodwitNode.Settings(
                        rigging.home(),
                        rigging.target(),
                        WideTable.DATABASE,
                        rigging.password(),
                        rigging.heap(),
                        rigging.directory().resolve("nodes")),
                name)) {
            URI http = node.http();
            new GodwitApi(http)
                    .apply(PlanText.of(
                            name,
                            rigging.source(),
                            WideTable.DATABASE,
                            rigging.target(),
                            WideTable.DATABASE,
                            rigging.consistency(),
                            "existing",
                            workers,
                            rigging.shardBytes()));
            Map<String, Spent> spent = new HashMap<>();
            EventLog log = EventLog.follow(http, name, WITHIN, event -> spent.put(event, spent(node)));
            double seconds = seconds(log.at("table-started"), log.at("table-copied"));
            Spent before = spent.get("table-started");
            Spent after = spent.get("table-copied");
            return new Carried(
                    seconds,
                    seconds(started, log.at("migration-completed")),
                    after.source() - before.source(),
                    after.target() - before.target(),
                    after.node() - before.node(),
                    ProcessorTime.ofProcess(node.pid()),
                    log.event("table-copied").path("bytes").asLong(),
                    ProcessorTime.peakMemoryBytes(node.pid()));
        }
    }

    private Spent spent(GodwitNode node) {
        return new Spent(
                ProcessorTime.ofFamily(rigging.source().pid()),
                ProcessorTime.ofFamily(rigging.target().pid()),
                ProcessorTime.ofProcess(node.pid()));
    }

    private static double seconds(Instant from, Instant to) {
        return Duration.between(from, to).toMillis() / 1e3;
    }
}
