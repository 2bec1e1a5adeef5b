package dev.godwit.ops.view;

import com.fasterxml.jackson.databind.JsonNode;
import dev.godwit.ops.view.TextTable.Column;
import dev.godwit.protocol.check.Remark;
import dev.godwit.protocol.error.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What a check found, in words: problems, then warnings, then notes, then what the copy will be like. */
public final class CheckText {
    private static final int TABLES_SHOWN = 20;
    private static final int NAMES_SHOWN = 3;

    private final StatusText text;

    public CheckText(Style style) {
        this.text = new StatusText(style);
    }

    /**
     * @param json the node's whole answer: of it come the tables, the estimate and what is left out, which are shown
     *     where there is no problem
     */
    public List<String> lines(JsonNode json, List<Problem> problems, List<Remark> warnings, List<Remark> notes) {
        List<String> lines = new ArrayList<>();
        if (problems.isEmpty()) {
            lines.add("No problem: " + size(json.path("tables")));
        } else {
            lines.add(counted(problems.size(), "problem"));
            problems.forEach(problem -> lines.addAll(text.problem(problem)));
        }
        remarks(warnings, "warning", lines);
        remarks(notes, "note", lines);
        if (problems.isEmpty()) {
            tables(json, lines);
            leftOut(json, lines);
        }
        return lines;
    }

    private void remarks(List<Remark> remarks, String word, List<String> lines) {
        if (!remarks.isEmpty()) {
            lines.add("");
            lines.add(counted(remarks.size(), word));
            remarks.forEach(remark -> lines.addAll(text.remark(remark)));
        }
    }

    private static String counted(long count, String word) {
        return Quantity.count(count) + " " + word + (count == 1 ? "" : "s");
    }

    private static String size(JsonNode tables) {
        double bytes = 0;
        for (JsonNode row : tables) {
            bytes += row.path("estimatedBytes").asDouble();
        }
        return counted(tables.size(), "table") + ", about " + Quantity.bytes(bytes);
    }

    private static void tables(JsonNode json, List<String> lines) {
        JsonNode tables = json.path("tables");
        JsonNode estimate = json.path("estimate");
        lines.add("");
        if (estimate.isObject()) {
            lines.add("The copy may take " + range(estimate) + " on one node");
            lines.add(
                    "  Reckoned with " + Style.printable(estimate.path("basis").asText()));
        }
        TextTable table = new TextTable(
                Column.text("table"),
                Column.text("cut by"),
                Column.text("rows travel as"),
                Column.number("rows, about"),
                Column.number("bytes, about"),
                Column.number("alone takes"));
        int shown = 0;
        for (JsonNode row : tables) {
            if (shown++ == TABLES_SHOWN) {
                break;
            }
            long rows = row.path("estimatedRows").asLong(-1);
            table.row(
                    row.path("table").asText(),
                    row.path("method").asText().toLowerCase(Locale.ROOT),
                    row.path("binary").asBoolean() ? "binary" : "text",
                    rows < 0 ? "unknown" : Quantity.count(rows),
                    Quantity.bytes(row.path("estimatedBytes").asDouble()),
                    range(row));
        }
        lines.addAll(table.lines());
        if (tables.size() > TABLES_SHOWN) {
            lines.add("and " + Quantity.count(tables.size() - TABLES_SHOWN) + " smaller ones (-o json names them all)");
        }
    }

    private static String range(JsonNode forecast) {
        return Quantity.range(
                forecast.path("lowSeconds").asLong(-1),
                forecast.path("highSeconds").asLong(-1));
    }

    private static void leftOut(JsonNode json, List<String> lines) {
        Map<String, List<String>> gaps = new LinkedHashMap<>();
        json.path("leftOut")
                .forEach(gap -> gaps.computeIfAbsent(gap.path("kind").asText(), kind -> new ArrayList<>())
                        .add(gap.path("name").asText()));
        if (gaps.isEmpty()) {
            return;
        }
        lines.add("");
        String mode = json.path("schema").path("mode").asText("tables");
        lines.add(
                "Left out by schema: " + mode.toLowerCase(Locale.ROOT) + ", for you to make (-o json names them all)");
        gaps.forEach((kind, names) -> lines.add("  " + Style.printable(kind) + ": " + Quantity.count(names.size())
                + " ("
                + names.stream().limit(NAMES_SHOWN).map(Style::printable).collect(Collectors.joining("; "))
                + (names.size() > NAMES_SHOWN ? "; …)" : ")")));
    }
}
