package dev.godwit.load.carrier;

import dev.godwit.load.measure.ProcessorTime;
import java.time.Duration;
import java.time.Instant;
import java.util.function.DoubleSupplier;

/** Reads the clock and the processor time of source, target and carrier. */
public final class Meter {
    private final Route route;
    private final DoubleSupplier carrier;

    /** @param carrier its processor seconds so far */
    public Meter(Route route, DoubleSupplier carrier) {
        this.route = route;
        this.carrier = carrier;
    }

    /**
     * @param at when it was read, or when that happened for which it was read
     */
    public record Reading(Instant at, double source, double target, double carrier) {
        Reading happenedAt(Instant moment) {
            return new Reading(moment, source, target, carrier);
        }

        /** What was spent from then until now. */
        public Spent since(Reading earlier) {
            return new Spent(
                    Duration.between(earlier.at, at).toMillis() / 1e3,
                    source - earlier.source,
                    target - earlier.target,
                    carrier - earlier.carrier);
        }
    }

    /** Reads them now. */
    public Reading read() {
        return new Reading(
                Instant.now(),
                ProcessorTime.ofFamily(route.source().pid()),
                ProcessorTime.ofFamily(route.target().pid()),
                carrier.getAsDouble());
    }
}
