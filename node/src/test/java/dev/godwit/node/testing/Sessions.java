package dev.godwit.node.testing;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** Opens plain sessions to a database of a test; commands and questions go through one of their own each. */
@FunctionalInterface
public interface Sessions {
    Connection open() throws SQLException;

    /** Runs commands, each in a transaction of its own. */
    default void run(String... commands) {
        try (Connection connection = open();
                Statement statement = connection.createStatement()) {
            for (String command : commands) {
                statement.execute(command);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    default String text(String query) {
        return texts(query).get(0);
    }

    default long number(String query) {
        return Long.parseLong(text(query));
    }

    /** The first column of all rows. */
    default List<String> texts(String query) {
        try (Connection connection = open();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            List<String> texts = new ArrayList<>();
            while (row.next()) {
                texts.add(row.getString(1));
            }
            return texts;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
