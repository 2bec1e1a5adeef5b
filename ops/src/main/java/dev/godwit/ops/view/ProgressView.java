package dev.godwit.ops.view;

import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.TableStatus;
import java.time.Duration;
import java.util.List;

/** Shows a migration while it goes on. */
public interface ProgressView extends AutoCloseable {
    /** How often {@link #show} is of use. */
    Duration interval();

    void show(MigrationStatus status, List<TableStatus> tables);

    /** Something that happened, in words; it stays visible. */
    void notice(String text);

    /** The last picture stays where it is. */
    @Override
    void close();

    /** For people on a terminal, for people who read a log, or for programs. */
    static ProgressView of(Terminal terminal, Answer answer) {
        if (answer == Answer.JSONL) {
            return new JsonLinesView(terminal);
        }
        return terminal.errRedraws()
                ? new RedrawnView(terminal.err(), new StatusText(terminal.errStyle()), terminal.errColumns())
                : new LineView(terminal.err(), new StatusText(Style.PLAIN));
    }
}
