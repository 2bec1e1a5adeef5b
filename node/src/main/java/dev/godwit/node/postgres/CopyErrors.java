package dev.godwit.node.postgres;

import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.TableSpec;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * Where in a copy the server stumbled. Its context line reads {@code COPY t, line 3, column b: "value"}: only the
 * line's number and a column's name that the table is known to have are taken from it, never any other text.
 */
final class CopyErrors {
    private static final Pattern LINE = Pattern.compile(", line (\\d{1,18})(?:, column )?");

    private CopyErrors() {}

    /**
     * The exception to throw instead of one that the target gave.
     *
     * @param where migration, table and shard
     */
    static GodwitException translate(SQLException failure, TableSpec table, String where) {
        Optional<GodwitException> taken =
                LargeObjects.are(table.name()) ? LargeObjectLanding.taken(failure, where) : Optional.empty();
        return taken.orElseGet(() -> PostgresErrors.translate(failure, Side.TARGET, where + place(failure, table)));
    }

    /** {@code , row 3, column b}, as far as it is known; else empty. */
    private static String place(SQLException failure, TableSpec table) {
        if (!(failure instanceof PSQLException thrown) || thrown.getServerErrorMessage() == null) {
            return "";
        }
        ServerErrorMessage message = thrown.getServerErrorMessage();
        Optional<String> named = table.columns().stream()
                .map(ColumnSpec::name)
                .filter(column -> column.equals(message.getColumn()))
                .findFirst();
        String context = message.getWhere();
        String begin = "COPY " + table.name().name();
        if (context == null || !context.startsWith(begin)) {
            return column(named);
        }
        Matcher line = LINE.matcher(context).region(begin.length(), context.length());
        if (!line.lookingAt()) {
            return column(named);
        }
        String rest = context.substring(line.end());
        Optional<String> column = table.columns().stream()
                .map(ColumnSpec::name)
                .filter(name -> rest.startsWith(name))
                .max(Comparator.comparingInt(String::length));
        return ", row " + line.group(1) + column(named.isPresent() ? named : column);
    }

    private static String column(Optional<String> name) {
        return name.map(column -> ", column " + Sql.printable(column)).orElse("");
    }
}
