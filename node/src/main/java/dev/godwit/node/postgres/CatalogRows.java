package dev.godwit.node.postgres;

import dev.godwit.protocol.table.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Asks a catalog about many objects at once: a thousand a statement, however many there are. */
final class CatalogRows {
    private static final int AT_ONCE = 1_000;

    private CatalogRows() {}

    /** Takes one row. */
    @FunctionalInterface
    interface Taker {
        void take(ResultSet row) throws SQLException;
    }

    /** @param sql each of its {@code ?} stands for the oids, as {@code bigint[]}; it has no other question mark */
    static void of(Connection connection, String sql, Collection<Long> oids, Taker taker) throws SQLException {
        List<Long> all = new ArrayList<>(oids);
        int parameters = (int) sql.chars().filter(c -> c == '?').count();
        for (int from = 0; from < all.size(); from += AT_ONCE) {
            Object[] some =
                    all.subList(from, Math.min(all.size(), from + AT_ONCE)).toArray();
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                for (int i = 1; i <= parameters; i++) {
                    statement.setArray(i, connection.createArrayOf("bigint", some));
                }
                take(statement, taker);
            }
        }
    }

    /** @param sql its first {@code ?} stands for schemas, its second for names, both as {@code text[]}; it has no other */
    static void named(Connection connection, String sql, Collection<TableName> names, Taker taker) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            Object[] schemas = names.stream().map(TableName::schema).toArray();
            statement.setArray(1, connection.createArrayOf("text", schemas));
            statement.setArray(
                    2,
                    connection.createArrayOf(
                            "text", names.stream().map(TableName::name).toArray()));
            take(statement, taker);
        }
    }

    static void all(Connection connection, String sql, Taker taker) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            take(statement, taker);
        }
    }

    private static void take(PreparedStatement statement, Taker taker) throws SQLException {
        try (ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                taker.take(row);
            }
        }
    }

    /** Elements of an array of texts; none where it is NULL. */
    static List<String> texts(ResultSet row, String column) throws SQLException {
        java.sql.Array array = row.getArray(column);
        return array == null ? List.of() : List.of((String[]) array.getArray());
    }
}
