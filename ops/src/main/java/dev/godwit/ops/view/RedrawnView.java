package dev.godwit.ops.view;

import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.TableStatus;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;

/** Redrawn in place, once a second: for terminals. */
public final class RedrawnView implements ProgressView {
    private static final int TABLES_SHOWN = 8;

    private final PrintStream stream;
    private final StatusText text;
    private final int columns;
    private List<String> drawn = List.of();

    /** @param columns width of the terminal; longer lines are cut, since a wrapped line could not be drawn over */
    public RedrawnView(PrintStream stream, StatusText text, int columns) {
        this.stream = stream;
        this.text = text;
        this.columns = columns;
    }

    @Override
    public Duration interval() {
        return Duration.ofSeconds(1);
    }

    @Override
    public synchronized void show(MigrationStatus status, List<TableStatus> tables) {
        draw("", text.block(status, tables, TABLES_SHOWN));
    }

    /** Stands above the picture from now on. */
    @Override
    public synchronized void notice(String notice) {
        draw(Style.printable(notice) + "\n", drawn);
    }

    @Override
    public synchronized void close() {
        drawn = List.of();
        stream.flush();
    }

    private void draw(String above, List<String> lines) {
        StringBuilder frame = new StringBuilder();
        if (!drawn.isEmpty()) {
            frame.append("\u001B[").append(drawn.size()).append("A\r\u001B[J");
        }
        frame.append(above);
        lines.forEach(line -> frame.append(cut(line)).append('\n'));
        stream.print(frame);
        stream.flush();
        drawn = lines;
    }

    /** At most as wide as the terminal; escapes have no width. */
    private String cut(String line) {
        StringBuilder kept = new StringBuilder();
        boolean colours = false;
        int width = 0;
        for (int i = 0; i < line.length(); ) {
            int c = line.codePointAt(i);
            if (c == '\u001B') {
                int end = line.indexOf('m', i) + 1;
                kept.append(line, i, end);
                colours = true;
                i = end;
            } else {
                if (++width >= columns) {
                    return kept + (colours ? "\u001B[0m" : "");
                }
                kept.appendCodePoint(c);
                i += Character.charCount(c);
            }
        }
        return kept.toString();
    }
}
