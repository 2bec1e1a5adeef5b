package dev.godwit.load.peers;

import static dev.godwit.load.measure.Figures.decimals;

import dev.godwit.load.carrier.Carried;
import dev.godwit.load.carrier.Carrier;
import dev.godwit.load.carrier.Route;
import dev.godwit.load.measure.Figures;
import dev.godwit.load.measure.Report;
import dev.godwit.load.postgres.SchemaObjects;
import dev.godwit.load.postgres.TableContents;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Round after round every carrier brings the same database into an empty one; what arrived is compared with what should
 * have. A run that failed has no time.
 */
final class SideBySide {
    private final Route route;
    private final List<Carrier> carriers;
    private final int rounds;

    SideBySide(Route route, List<Carrier> carriers, int rounds) {
        this.route = route;
        this.carriers = carriers;
        this.rounds = rounds;
    }

    /** @return the runs of each carrier, by its name, in the order of the rounds */
    Map<String, List<Run>> measure(Report report) {
        // This reads every row, so that the first round finds them in memory as the later ones do.
        Map<String, String> contents = TableContents.of(route.source(), route.database());
        SchemaObjects objects = SchemaObjects.of(route.source(), route.database());
        report.condition("objects", contents.size() + " tables, " + objects.count())
                .row(
                        "round",
                        "tool",
                        "whole s",
                        "source CPU s",
                        "target CPU s",
                        "tool CPU s",
                        "whole CPU s",
                        "work s",
                        "work CPU s",
                        "brought");
        Map<String, List<Run>> runs = new LinkedHashMap<>();
        carriers.forEach(carrier -> runs.put(carrier.name(), new ArrayList<>()));
        for (int round = 1; round <= rounds; round++) {
            // Nobody is always the first.
            List<Carrier> turns = new ArrayList<>(carriers);
            Collections.rotate(turns, 1 - round);
            for (Carrier carrier : turns) {
                Run run = once(carrier, round, contents, objects);
                runs.get(carrier.name()).add(run);
                row(report, Integer.toString(round), carrier.name(), List.of(run), run.told());
                route.workspace().say("round " + round + ", " + carrier.name() + ": " + inWords(run));
            }
        }
        runs.forEach((name, all) -> row(report, "median", name, all, ""));
        return runs;
    }

    private Run once(Carrier carrier, int round, Map<String, String> contents, SchemaObjects objects) {
        route.target().recreate(route.database(), "template0");
        route.checkpoint();
        Carried carried;
        try {
            carried = carrier.carry(carrier.name().toLowerCase(Locale.ROOT) + "-" + round);
        } catch (IllegalStateException e) {
            return Run.failed(e.getMessage());
        }
        if (!TableContents.of(route.target(), route.database()).equals(contents)) {
            return Run.failed("the rows differ");
        }
        String missing = objects.missingIn(SchemaObjects.of(route.target(), route.database()));
        return missing.isEmpty() ? Run.complete(carried) : Run.incomplete(carried, missing);
    }

    private static String inWords(Run run) {
        return run.carried()
                        .map(carried -> decimals(carried.whole().seconds(), 2) + " s, ")
                        .orElse("")
                + run.told();
    }

    private static void row(Report report, String round, String name, List<Run> runs, String told) {
        report.row(
                round,
                name,
                decimals(median(runs, carried -> carried.whole().seconds()), 2),
                decimals(median(runs, carried -> carried.whole().source()), 1),
                decimals(median(runs, carried -> carried.whole().target()), 1),
                decimals(median(runs, carried -> carried.whole().carrier()), 1),
                decimals(median(runs, carried -> carried.whole().processor()), 1),
                decimals(median(runs, carried -> carried.work().seconds()), 2),
                decimals(median(runs, carried -> carried.work().processor()), 1),
                told);
    }

    /** Of the runs that did not fail. */
    static double median(List<Run> runs, ToDoubleFunction<Carried> figure) {
        return Figures.median(runs.stream()
                .flatMap(run -> run.carried().stream())
                .map(figure::applyAsDouble)
                .toList());
    }
}
