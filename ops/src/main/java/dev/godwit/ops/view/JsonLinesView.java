package dev.godwit.ops.view;

import dev.godwit.ops.client.Json;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.TableStatus;
import java.time.Duration;
import java.util.List;

/** One {@link MigrationStatus} per line and second on standard output; notices go to standard error. */
public final class JsonLinesView implements ProgressView {
    private final Terminal terminal;

    public JsonLinesView(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Duration interval() {
        return Duration.ofSeconds(1);
    }

    @Override
    public void show(MigrationStatus status, List<TableStatus> tables) {
        terminal.out().println(Json.line(status));
    }

    @Override
    public void notice(String notice) {
        terminal.err().println(Style.printable(notice));
    }

    @Override
    public void close() {
        terminal.out().flush();
    }
}
