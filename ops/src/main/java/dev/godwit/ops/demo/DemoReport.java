package dev.godwit.ops.demo;

import dev.godwit.ops.demo.Equality.Comparison;
import dev.godwit.ops.demo.Equality.Content;
import dev.godwit.ops.view.Quantity;
import dev.godwit.ops.view.Style;
import dev.godwit.ops.view.TextTable;
import dev.godwit.ops.view.TextTable.Column;
import dev.godwit.protocol.status.MigrationStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The demo's result.
 *
 * @param comparisons one per table
 * @param status the migration's last
 * @param copyTime from the plan's acceptance to the migration's end
 * @param wholeTime from the demo's start to here
 * @param killedNode number of the node that was killed
 * @param shardsRedone shards that ran on it and were copied again by others, at most
 */
record DemoReport(
        List<Comparison> comparisons,
        MigrationStatus status,
        Duration copyTime,
        Duration wholeTime,
        int killedNode,
        int shardsRedone) {
    DemoReport {
        comparisons = List.copyOf(comparisons);
    }

    boolean equal() {
        return !comparisons.isEmpty() && comparisons.stream().allMatch(Comparison::equal);
    }

    List<String> text(Style style) {
        TextTable table = new TextTable(
                Column.text("table"),
                Column.number("rows source"),
                Column.number("rows target"),
                Column.text("digest source"),
                Column.text("digest target"),
                Column.text("equal"));
        comparisons.forEach(c -> table.row(
                c.table().schema() + "." + c.table().name(),
                shown(c.source(), content -> Quantity.count(content.rows())),
                shown(c.target(), content -> Quantity.count(content.rows())),
                shown(c.source(), Content::shortDigest),
                shown(c.target(), Content::shortDigest),
                c.equal() ? "yes" : "NO"));
        List<String> lines = new ArrayList<>(table.lines());
        lines.add("");
        long differing = comparisons.stream().filter(c -> !c.equal()).count();
        lines.add(
                equal()
                        ? style.good("Equal: all " + comparisons.size() + " tables, " + Quantity.count(status.rows())
                                + " rows, by the databases' own count and digest.")
                        : style.bad("NOT EQUAL: " + differing + " of " + comparisons.size() + " tables differ."));
        double seconds = Math.max(0.001, copyTime.toMillis() / 1000.0);
        lines.add(String.format(
                java.util.Locale.ROOT,
                "Copied %s in %.1f s (%s/s, %s rows/s) with node %d killed on the way: %d of %s shards redone."
                        + " The whole demo took %.0f s.",
                Quantity.bytes(status.bytes()),
                seconds,
                Quantity.bytes(status.bytes() / seconds),
                Quantity.count(Math.round(status.rows() / seconds)),
                killedNode,
                shardsRedone,
                Quantity.count(status.shardsDone()),
                wholeTime.toMillis() / 1000.0));
        return lines;
    }

    private static String shown(Content content, Function<Content, String> part) {
        return content == null ? "missing" : part.apply(content);
    }

    /** For programs. Digests are decimal text: they are larger than a JSON number may safely be. */
    Map<String, Object> json() {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("equal", equal());
        report.put("tables", comparisons.stream().map(DemoReport::json).toList());
        report.put("copyMillis", copyTime.toMillis());
        report.put("wholeMillis", wholeTime.toMillis());
        report.put("killedNode", killedNode);
        report.put("shardsRedone", shardsRedone);
        report.put("migration", status);
        return report;
    }

    private static Map<String, Object> json(Comparison comparison) {
        Map<String, Object> table = new LinkedHashMap<>();
        table.put("table", comparison.table().text());
        table.put("equal", comparison.equal());
        put(table, "source", comparison.source());
        put(table, "target", comparison.target());
        return table;
    }

    private static void put(Map<String, Object> table, String side, Content content) {
        table.put(
                side,
                content == null
                        ? null
                        : Map.of(
                                "rows",
                                content.rows(),
                                "digest",
                                content.digest().toString()));
    }
}
