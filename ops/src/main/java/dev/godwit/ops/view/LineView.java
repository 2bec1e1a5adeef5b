package dev.godwit.ops.view;

import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.TableStatus;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;

/** One line now and then: for pipes and logs. */
public final class LineView implements ProgressView {
    private static final Duration UNCHANGED = Duration.ofMinutes(1);

    private final PrintStream stream;
    private final StatusText text;
    private String last = "";
    private long lastNanos;

    public LineView(PrintStream stream, StatusText text) {
        this.stream = stream;
        this.text = text;
    }

    @Override
    public Duration interval() {
        return Duration.ofSeconds(5);
    }

    /** A line that says nothing new comes once a minute: to show that somebody still looks. */
    @Override
    public synchronized void show(MigrationStatus status, List<TableStatus> tables) {
        String line = text.line(status);
        long now = System.nanoTime();
        if (!line.equals(last) || now - lastNanos > UNCHANGED.toNanos()) {
            stream.println(line);
            last = line;
            lastNanos = now;
        }
    }

    @Override
    public synchronized void notice(String notice) {
        stream.println(Style.printable(notice));
    }

    @Override
    public void close() {
        stream.flush();
    }
}
