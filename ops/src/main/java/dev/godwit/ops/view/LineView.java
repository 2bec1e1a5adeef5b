package dev.godwit.ops.view;

import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.TableStatus;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;

/** One line now and then: for pipes and logs. */
public final class LineView implements ProgressView {
    private final PrintStream stream;
    private final StatusText text;

    public LineView(PrintStream stream, StatusText text) {
        this.stream = stream;
        this.text = text;
    }

    @Override
    public Duration interval() {
        return Duration.ofSeconds(5);
    }

    @Override
    public synchronized void show(MigrationStatus status, List<TableStatus> tables) {
        stream.println(text.line(status));
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
