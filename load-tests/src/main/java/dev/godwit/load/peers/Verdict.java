package dev.godwit.load.peers;

import static dev.godwit.load.measure.Figures.decimals;

import dev.godwit.load.carrier.Carried;
import dev.godwit.load.carrier.GodwitCarrier;
import dev.godwit.load.measure.Figures;
import dev.godwit.load.measure.Report;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** What follows from the runs: who did not bring everything, and Godwit's figures over those of the best peer that did. */
final class Verdict {
    private final Map<String, List<Run>> runs;
    private final List<Run> godwit;

    Verdict(Map<String, List<Run>> runs) {
        this.runs = runs;
        this.godwit = runs.get(GodwitCarrier.NAME);
    }

    /** Whether Godwit brought the rows each time. */
    boolean well() {
        return godwit.stream().allMatch(run -> run.carried().isPresent());
    }

    void tell(Report report, List<Aim> aims) {
        runs.forEach((name, all) -> {
            Set<String> told = new LinkedHashSet<>();
            all.stream().filter(run -> !run.complete()).map(Run::told).forEach(told::add);
            told.forEach(what -> report.finding(name + ": " + what + "."));
        });
        if (well()) {
            aims.forEach(aim -> tell(report, aim));
        }
    }

    private void tell(Report report, Aim aim) {
        List<String> peers = aim.peers().stream().filter(runs::containsKey).toList();
        if (peers.isEmpty()) {
            return;
        }
        Optional<String> best = peers.stream()
                .filter(peer -> runs.get(peer).stream().allMatch(Run::complete))
                .min(Comparator.comparingDouble(peer -> SideBySide.median(
                        runs.get(peer), carried -> carried.whole().seconds())));
        if (best.isEmpty()) {
            report.finding("Of " + String.join(", ", peers)
                    + " none brought everything each time: there is nothing to compare with.");
            return;
        }
        boolean less = !godwit.stream().allMatch(Run::complete);
        List<Run> peer = runs.get(best.get());
        String end = less ? " Godwit brought less than that, so this says nothing about the aim." : "";
        report.finding("Time: Godwit took "
                + judged(
                        ratio(peer, carried -> carried.whole().seconds()),
                        ratio(peer, carried -> carried.work().seconds()),
                        less ? Double.NaN : aim.time())
                + " of the time of " + best.get()
                + (peers.size() > 1 ? ", the fastest peer that brought everything" : "") + " (medians of "
                + peer.size() + " pairs; the aim is at most " + decimals(aim.time(), 2) + ")." + end);
        if (!Double.isNaN(aim.processor())) {
            report.finding("Processor: Godwit and both servers took "
                    + judged(
                            ratio(peer, carried -> carried.whole().processor()),
                            ratio(peer, carried -> carried.work().processor()),
                            less ? Double.NaN : aim.processor())
                    + " of the seconds of " + best.get() + " and both servers (the aim is at most "
                    + decimals(aim.processor(), 2) + ")." + end);
        }
    }

    /** @param aim NaN where it is not to be judged */
    private static String judged(double whole, double work, double aim) {
        return judged(whole, aim) + " with the node's start, " + judged(work, aim) + " without,";
    }

    private static String judged(double ratio, double aim) {
        return decimals(ratio, 3) + (Double.isNaN(aim) ? "" : ratio <= aim ? " (reached)" : " (missed)");
    }

    private double ratio(List<Run> peer, ToDoubleFunction<Carried> figure) {
        return Figures.median(IntStream.range(0, godwit.size())
                .mapToObj(i -> figure.applyAsDouble(godwit.get(i).carried().orElseThrow())
                        / figure.applyAsDouble(peer.get(i).carried().orElseThrow()))
                .toList());
    }
}
