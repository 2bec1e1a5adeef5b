package dev.godwit.ops.command;

import com.fasterxml.jackson.databind.JsonNode;
import dev.godwit.ops.cluster.PlanCheck;
import dev.godwit.ops.cluster.PlanFile;
import dev.godwit.ops.view.Quantity;
import dev.godwit.ops.view.StatusText;
import dev.godwit.ops.view.Style;
import dev.godwit.ops.view.TextTable;
import dev.godwit.ops.view.TextTable.Column;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Every problem of a plan at once. */
@Command(name = "check", description = "Shows every problem of a plan at once, and writes nothing.")
final class CheckCommand extends Verb {
    private static final int NAMES_SHOWN = 3;

    @Parameters(paramLabel = "PLAN", description = "The plan's YAML file.")
    private Path plan;

    @Override
    public Integer call() {
        PlanFile.read(plan);
        PlanCheck.Report report = new PlanCheck(godwit().installation()).run(plan);
        boolean good = report.problems().isEmpty();
        answer(
                report.json(),
                good ? good(report.json()) : problems(report),
                (good ? "godwit run " : "godwit check ") + plan);
        return report.exitCode();
    }

    private List<String> problems(PlanCheck.Report report) {
        StatusText text = new StatusText(terminal().outStyle());
        List<String> lines = new ArrayList<>();
        int count = report.problems().size();
        lines.add(count == 1 ? "1 problem" : count + " problems");
        report.problems().forEach(problem -> lines.addAll(text.problem(problem)));
        return lines;
    }

    private static List<String> good(JsonNode report) {
        List<String> lines = new ArrayList<>(tables(report.path("tables")));
        Map<String, List<String>> gaps = new LinkedHashMap<>();
        report.path("leftOut")
                .forEach(gap -> gaps.computeIfAbsent(gap.path("kind").asText(), kind -> new ArrayList<>())
                        .add(gap.path("name").asText()));
        if (!gaps.isEmpty()) {
            lines.add("");
            lines.add("Left out by schema: tables, for you to make (-o json names them all)");
            gaps.forEach((kind, names) -> lines.add("  " + Style.printable(kind) + ": " + Quantity.count(names.size())
                    + " ("
                    + names.stream().limit(NAMES_SHOWN).map(Style::printable).collect(Collectors.joining("; "))
                    + (names.size() > NAMES_SHOWN ? "; …)" : ")")));
        }
        return lines;
    }

    private static List<String> tables(JsonNode tables) {
        TextTable table = new TextTable(
                Column.text("table"),
                Column.text("cut by"),
                Column.text("rows travel as"),
                Column.number("rows, about"),
                Column.number("bytes, about"));
        long bytes = 0;
        for (JsonNode row : tables) {
            long rows = row.path("estimatedRows").asLong(-1);
            bytes += row.path("estimatedBytes").asLong();
            table.row(
                    row.path("table").asText(),
                    row.path("method").asText().toLowerCase(java.util.Locale.ROOT),
                    row.path("binary").asBoolean() ? "binary" : "text",
                    rows < 0 ? "unknown" : Quantity.count(rows),
                    Quantity.bytes(row.path("estimatedBytes").asDouble()));
        }
        List<String> lines = new ArrayList<>();
        lines.add("No problem: " + (tables.size() == 1 ? "1 table" : tables.size() + " tables") + ", about "
                + Quantity.bytes(bytes));
        lines.addAll(table.lines());
        return lines;
    }
}
