package dev.godwit.node.cluster;

import dev.godwit.node.testing.Sessions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** In which rows two databases differ: for whoever looks for the reason why their digests do. Holds a table's rows in memory. */
public final class Differences {
    private static final int SHOWN_ROWS = 8;
    private static final int SHOWN_CHARACTERS = 80;

    private Differences() {}

    /**
     * How many rows of each table are on one side only, with the beginnings of some of them; a line for each table that
     * differs.
     *
     * @param tables quoted where they must be
     */
    public static String between(Sessions source, Sessions target, Collection<String> tables) {
        StringBuilder text = new StringBuilder();
        for (String table : tables) {
            Map<Long, Rows> rows = new HashMap<>();
            count(source, table, 1, rows);
            count(target, table, -1, rows);
            String missing = shown(rows, 1);
            String tooMany = shown(rows, -1);
            if (!missing.isEmpty() || !tooMany.isEmpty()) {
                text.append(table)
                        .append(": in the source alone ")
                        .append(missing.isEmpty() ? "none" : missing)
                        .append("; in the target alone ")
                        .append(tooMany.isEmpty() ? "none" : tooMany)
                        .append('\n');
            }
        }
        return text.toString();
    }

    /** Rows of the same text: how many more the source has than the target. */
    private static final class Rows {
        private final String text;
        private int surplus;

        Rows(String text) {
            this.text = text;
        }
    }

    private static void count(Sessions side, String table, int each, Map<Long, Rows> rows) {
        try (Connection connection = side.open();
                Statement statement = connection.createStatement()) {
            statement.execute(Database.SETTINGS);
            if (!statement
                    .executeQuery("SELECT FROM pg_class WHERE oid = to_regclass('" + table.replace("'", "''") + "')")
                    .next()) {
                return;
            }
            try (ResultSet row = statement.executeQuery("SELECT hashtextextended(t::text, 0), left(t::text, "
                    + SHOWN_CHARACTERS + ") FROM ONLY " + table + " t")) {
                while (row.next()) {
                    String text = row.getString(2);
                    rows.computeIfAbsent(row.getLong(1), hash -> new Rows(text)).surplus += each;
                }
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** @param sign of the side: 1 the source, -1 the target */
    private static String shown(Map<Long, Rows> rows, int sign) {
        List<String> texts = new ArrayList<>();
        int count = 0;
        for (Rows one : rows.values()) {
            if (one.surplus * sign > 0) {
                count += one.surplus * sign;
                texts.add(one.text);
            }
        }
        texts.sort(null);
        return count == 0 ? "" : count + " rows " + texts.subList(0, Math.min(SHOWN_ROWS, texts.size()));
    }
}
