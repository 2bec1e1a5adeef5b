package dev.godwit.ops.view;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Columns of text, aligned. Cells are made printable; colours are not for cells, since they would count as width. */
public final class TextTable {
    private final List<Column> columns;
    private final List<List<String>> rows = new ArrayList<>();

    /**
     * @param title shown above
     * @param right whether numbers are in it, which align at their right end
     */
    public record Column(String title, boolean right) {
        public static Column text(String title) {
            return new Column(title, false);
        }

        public static Column number(String title) {
            return new Column(title, true);
        }
    }

    public TextTable(Column... columns) {
        this.columns = List.of(columns);
    }

    public TextTable row(Object... cells) {
        if (cells.length != columns.size()) {
            throw new IllegalArgumentException("a row has one cell per column");
        }
        rows.add(IntStream.range(0, cells.length)
                .mapToObj(i -> Style.printable(String.valueOf(cells[i])))
                .toList());
        return this;
    }

    /** The title's line and one line per row, without line breaks. */
    public List<String> lines() {
        List<List<String>> all = new ArrayList<>();
        all.add(columns.stream().map(Column::title).toList());
        all.addAll(rows);
        int[] widths = IntStream.range(0, columns.size())
                .map(c -> all.stream().mapToInt(row -> width(row.get(c))).max().orElse(0))
                .toArray();
        return all.stream()
                .map(row -> IntStream.range(0, widths.length)
                        .mapToObj(c -> pad(row.get(c), widths[c], columns.get(c).right()))
                        .collect(Collectors.joining("  "))
                        .stripTrailing())
                .toList();
    }

    private static int width(String cell) {
        return cell.codePointCount(0, cell.length());
    }

    private static String pad(String cell, int width, boolean right) {
        String blanks = " ".repeat(width - width(cell));
        return right ? blanks + cell : cell + blanks;
    }
}
