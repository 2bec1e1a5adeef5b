package dev.godwit.load.measure;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The result of one benchmark: conditions, a table, and what follows from it. */
public final class Report {
    private final String title;
    private final Map<String, String> conditions = new LinkedHashMap<>();
    private final List<List<String>> rows = new ArrayList<>();
    private final List<String> findings = new ArrayList<>();

    public Report(String title) {
        this.title = title;
        condition("date", LocalDate.now(ZoneOffset.UTC).toString());
        condition("machine", Machine.describe());
    }

    public Report condition(String name, String value) {
        conditions.put(name, value);
        return this;
    }

    /** The first row is the head. */
    public Report row(String... cells) {
        rows.add(List.of(cells));
        return this;
    }

    public Report finding(String text) {
        findings.add(text);
        return this;
    }

    public void print(PrintStream out) {
        out.println();
        out.println(title);
        conditions.forEach((name, value) -> out.println("  " + name + ": " + value));
        out.println();
        int columns = rows.stream().mapToInt(List::size).max().orElse(0);
        int[] widths = new int[columns];
        for (List<String> row : rows) {
            for (int i = 0; i < row.size(); i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder("  ");
            for (int i = 0; i < row.size(); i++) {
                line.append(" ".repeat(widths[i] - row.get(i).length()))
                        .append(row.get(i))
                        .append("  ");
            }
            out.println(line.toString().stripTrailing());
        }
        out.println();
        findings.forEach(finding -> out.println("  " + finding));
        out.flush();
    }

    /** Appends it as Markdown. */
    public void appendTo(Path file) {
        StringBuilder text = new StringBuilder("\n### " + title + "\n\n");
        conditions.forEach((name, value) ->
                text.append("- ").append(name).append(": ").append(value).append('\n'));
        text.append('\n');
        for (int i = 0; i < rows.size(); i++) {
            text.append("| ").append(String.join(" | ", rows.get(i))).append(" |\n");
            if (i == 0) {
                text.append("|").append(" ---: |".repeat(rows.get(0).size())).append('\n');
            }
        }
        text.append('\n');
        findings.forEach(finding -> text.append("- ").append(finding).append('\n'));
        try {
            Files.writeString(file, text, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new IllegalStateException("the result could not be written to " + file, e);
        }
    }
}
