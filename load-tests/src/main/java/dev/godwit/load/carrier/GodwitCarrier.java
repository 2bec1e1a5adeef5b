package dev.godwit.load.carrier;

import dev.godwit.load.cluster.EventLog;
import dev.godwit.load.cluster.GodwitApi;
import dev.godwit.load.cluster.GodwitNode;
import dev.godwit.load.cluster.PlanText;
import dev.godwit.load.measure.ProcessorTime;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** One node of Godwit, started for the run, with its state store in the target's database, as {@code godwit run} has it. */
public final class GodwitCarrier implements Carrier {
    public static final String NAME = "Godwit";

    private static final Duration WITHIN = Duration.ofHours(2);

    private final Route route;
    private final Settings settings;

    /**
     * @param stretch which part of the run is its work
     * @param consistency {@code snapshot}, which cuts by blocks, or {@code frozen}, which cuts by key
     * @param schema {@code tables} or {@code existing}
     * @param heap of the node, as {@code -Xmx} takes it
     * @param shardBytes as a plan takes it
     */
    public record Settings(
            Stretch stretch, String consistency, String schema, int workers, String heap, String shardBytes) {}

    /** A part of a migration between two of its events. */
    public enum Stretch {
        /** The rows of the only table. */
        COPY("table-started", "table-copied"),
        /** All that a cluster does that runs already. */
        MIGRATION("migration-submitted", "migration-completed");

        private final String from;
        private final String to;

        Stretch(String from, String to) {
            this.from = from;
            this.to = to;
        }
    }

    public GodwitCarrier(Route route, Settings settings) {
        this.route = route;
        this.settings = settings;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String describe() {
        return "1 node with -Xmx" + settings.heap() + ", consistency " + settings.consistency() + ", schema "
                + settings.schema() + ", shardBytes " + settings.shardBytes()
                + ", state store in the target's database";
    }

    @Override
    public Carried carry(String run) {
        Meter.Reading started = new Meter(route, () -> 0).read();
        try (GodwitNode node = GodwitNode.start(
                GodwitNode.Settings.of(route.workspace(), route.target(), route.database(), settings.heap()), run)) {
            URI http = node.http();
            // The script that the node took the place of ran the command line before.
            Meter meter = new Meter(route, () -> ProcessorTime.ofFamily(node.pid()));
            Stretch stretch = settings.stretch();
            Map<String, Meter.Reading> readings = new HashMap<>();
            if (stretch == Stretch.MIGRATION) {
                readings.put(stretch.from, meter.read()); // its event is told a moment later
            }
            new GodwitApi(http)
                    .apply(PlanText.of(
                            run,
                            route.source(),
                            route.database(),
                            route.target(),
                            route.database(),
                            settings.consistency(),
                            settings.schema(),
                            settings.workers(),
                            settings.shardBytes()));
            EventLog log = EventLog.follow(http, run, WITHIN, event -> {
                if (event.equals(stretch.from) || event.equals(stretch.to)) {
                    readings.computeIfAbsent(event, name -> meter.read());
                }
            });
            Meter.Reading completed = meter.read().happenedAt(log.at("migration-completed"));
            Meter.Reading from = readings.get(stretch.from).happenedAt(log.at(stretch.from));
            Meter.Reading to = readings.get(stretch.to).happenedAt(log.at(stretch.to));
            return new Carried(
                    to.since(from),
                    completed.since(started),
                    log.event(stretch.to).path("bytes").asLong(),
                    ProcessorTime.peakMemoryBytes(node.pid()));
        }
    }
}
