package dev.godwit.node.postgres;

import dev.godwit.node.capture.Tuple;
import dev.godwit.node.postgres.ChangeOrder.Change;
import dev.godwit.node.postgres.ChangeOrder.Kind;
import dev.godwit.node.postgres.ChangedTable.Column;
import dev.godwit.node.postgres.ChangedTable.Equality;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/**
 * One statement that makes changes of one kind to one table: of any number of rows, whose values travel as an array for
 * each column. Its text holds no values and is the same for any number.
 */
final class ChangeStatement {
    /**
     * A parameter.
     *
     * @param place in the tuple
     * @param isOld of which tuple: that of before, or that of now
     */
    private record Parameter(int place, boolean isOld) {}

    private final ChangedRelation relation;
    private final List<Column> columns;
    private final String table;
    private final List<Parameter> parameters = new ArrayList<>();
    private String sql;

    private ChangeStatement(ChangedRelation relation) {
        this.relation = relation;
        this.columns = relation.columns();
        this.table = relation.table().quoted();
    }

    /**
     * @param sent places of the columns that get values; of a delete none
     * @param anew whether an update is to delete the row and insert it again, for columns that no update may set
     */
    static ChangeStatement of(Kind kind, ChangedRelation relation, BitSet sent, boolean anew) {
        ChangeStatement statement = new ChangeStatement(relation);
        statement.sql = switch (kind) {
            case INSERT -> statement.insert(sent);
            case UPDATE ->
                anew || statement.settable(sent).isEmpty()
                        ? statement.replace(sent, statement.byKey(sent))
                        : statement.update(sent);
            case DELETE -> statement.delete();
        };
        return statement;
    }

    /**
     * For one row that is found by all its columns.
     *
     * @param old that row: which of its values are NULL is part of the text
     */
    static ChangeStatement ofWhole(Kind kind, ChangedRelation relation, BitSet sent, Tuple old, boolean anew) {
        ChangeStatement statement = new ChangeStatement(relation);
        statement.sql = switch (kind) {
            case UPDATE ->
                anew || statement.settable(sent).isEmpty()
                        ? statement.replace(sent, new Found("", statement.byAll(old)))
                        : statement.updateWhole(sent, old);
            case DELETE -> "DELETE FROM " + statement.table + " AS t WHERE " + statement.byAll(old);
            case INSERT -> throw new IllegalArgumentException("an insert finds no row");
        };
        return statement;
    }

    String sql() {
        return sql;
    }

    /** Where the rows are found: another table to join, if any, and the condition. */
    private record Found(String using, String where) {}

    private String insert(BitSet sent) {
        String into = "INSERT INTO " + Sql.table(relation.table().name());
        if (sent.isEmpty()) {
            return into + " SELECT FROM generate_series(1, ?::int4)";
        }
        List<Integer> places = sent.stream().boxed().toList();
        return into + " (" + names(places) + ") OVERRIDING SYSTEM VALUE SELECT "
                + places.stream().map(place -> value(place, false)).collect(Collectors.joining(",")) + " FROM "
                + arrays(places, List.of());
    }

    /** Columns that say they always make their own values can't be set: where they change, it is another row. */
    private String update(BitSet sent) {
        List<Integer> set = settable(sent);
        Found found = byKey(sent);
        return "UPDATE " + table + " AS t SET "
                + set.stream()
                        .map(place -> Sql.ident(columns.get(place).name()) + '=' + value(place, false))
                        .collect(Collectors.joining(","))
                + " FROM " + found.using() + " WHERE " + found.where() + unsettable(sent);
    }

    private List<Integer> settable(Collection<Integer> sent) {
        return sent.stream()
                .filter(place -> !columns.get(place).alwaysIdentity())
                .toList();
    }

    private List<Integer> settable(BitSet sent) {
        return settable(sent.stream().boxed().toList());
    }

    /** Finds only rows in which those columns have the values that they are to have. */
    private String unsettable(BitSet sent) {
        return sent.stream()
                .filter(place -> columns.get(place).alwaysIdentity())
                .mapToObj(place -> " AND t." + Sql.ident(columns.get(place).name()) + " OPERATOR(pg_catalog.=) "
                        + value(place, false))
                .collect(Collectors.joining());
    }

    private String delete() {
        Found found = byKey(new BitSet());
        return "DELETE FROM " + table + " AS t USING " + found.using() + " WHERE " + found.where();
    }

    private String replace(BitSet sent, Found found) {
        List<Column> all = List.copyOf(relation.table().columns().values());
        List<String> values = new ArrayList<>();
        for (Column column : all) {
            int place = columns.indexOf(column);
            boolean its = place >= 0 && sent.get(place);
            values.add(
                    !its
                            ? "t." + Sql.ident(column.name())
                            : found.using().isEmpty() ? scalar(place, false) : value(place, false));
        }
        StringBuilder returning = new StringBuilder();
        for (int i = 0; i < values.size(); i++) {
            returning
                    .append(i == 0 ? "" : ",")
                    .append(values.get(i))
                    .append(" AS r")
                    .append(i);
        }
        String using = found.using().isEmpty() ? "" : " USING " + found.using();
        return "WITH gone AS (DELETE FROM " + table + " AS t" + using + " WHERE " + found.where() + " RETURNING "
                + returning + ") INSERT INTO " + Sql.table(relation.table().name()) + " ("
                + Sql.idents(all.stream().map(Column::name).toList())
                + ") OVERRIDING SYSTEM VALUE SELECT * FROM gone";
    }

    private Found byKey(BitSet sent) {
        List<Integer> keys = new ArrayList<>();
        List<String> conditions = new ArrayList<>();
        for (int i = 0; i < relation.keyPlaces().length; i++) {
            int place = relation.keyPlaces()[i];
            keys.add(place);
            Column column = columns.get(place);
            String collate = column.collation().isEmpty() ? "" : " COLLATE " + column.collation();
            conditions.add("t." + Sql.ident(column.name()) + ' ' + relation.keyOperator(i) + ' ' + value(place, true)
                    + collate);
        }
        return new Found(arrays(sent.stream().boxed().toList(), keys), String.join(" AND ", conditions));
    }

    private String updateWhole(BitSet sent, Tuple old) {
        StringBuilder set = new StringBuilder();
        for (int place : settable(sent)) {
            set.append(set.isEmpty() ? "" : ",")
                    .append(Sql.ident(columns.get(place).name()))
                    .append('=')
                    .append(scalar(place, false));
        }
        return "UPDATE " + table + " AS t SET " + set + " WHERE " + byAll(old);
    }

    /** One of the rows that have these values, if there are several: they are the same. */
    private String byAll(Tuple old) {
        List<String> conditions = new ArrayList<>();
        for (int place = 0; place < columns.size(); place++) {
            Column column = columns.get(place);
            String name = "x." + Sql.ident(column.name());
            if (old.isNull(place)) {
                conditions.add(name + " IS NOT DISTINCT FROM NULL");
            } else if (column.equality() == Equality.SAME_TEXT) {
                conditions.add(name + " OPERATOR(pg_catalog.=) " + scalar(place, true)
                        + (column.collation().isEmpty() ? "" : " COLLATE " + column.collation()));
            } else {
                // A cast to text is not for every type what it prints; this is.
                parameters.add(new Parameter(place, true));
                conditions.add(name + " IS DISTINCT FROM NULL AND pg_catalog.format('%s', " + name
                        + ") COLLATE \"C\" OPERATOR(pg_catalog.=) ?::text");
            }
        }
        boolean partitioned = relation.table().partitioned();
        String row = partitioned ? "(t.tableoid,t.ctid)" : "t.ctid";
        return row + " = (SELECT " + (partitioned ? "x.tableoid,x.ctid" : "x.ctid") + " FROM " + table + " AS x"
                + (conditions.isEmpty() ? "" : " WHERE " + String.join(" AND ", conditions)) + " LIMIT 1)";
    }

    private String scalar(int place, boolean isOld) {
        parameters.add(new Parameter(place, isOld));
        return "?::" + columns.get(place).type();
    }

    private String names(List<Integer> places) {
        return Sql.idents(
                places.stream().map(place -> columns.get(place).name()).toList());
    }

    /** A value out of the arrays. */
    private String value(int place, boolean isOld) {
        Column column = columns.get(place);
        String name = "u." + name(place, isOld);
        return column.inArrays() ? name : name + "::" + column.type();
    }

    private static String name(int place, boolean isOld) {
        return (isOld ? "o" : "n") + place;
    }

    private String arrays(List<Integer> news, List<Integer> olds) {
        List<String> arrays = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (boolean isOld : new boolean[] {false, true}) {
            for (int place : isOld ? olds : news) {
                Column column = columns.get(place);
                parameters.add(new Parameter(place, isOld));
                arrays.add("?::" + (column.inArrays() ? column.type() : "text") + "[]");
                names.add(name(place, isOld));
            }
        }
        // Not qualified: of several arrays at once it is known by this word alone.
        return "unnest(" + String.join(",", arrays) + ") AS u(" + String.join(",", names) + ")";
    }

    /** The parameters' texts for these changes, one row each: an array of all values each. */
    String[] texts(List<Change> changes) {
        if (parameters.isEmpty()) {
            return new String[] {Integer.toString(changes.size())}; // rows without values
        }
        String[] texts = new String[parameters.size()];
        for (int i = 0; i < texts.length; i++) {
            texts[i] = array(parameters.get(i), changes);
        }
        return texts;
    }

    /** The parameters' texts for the one change whose row is found by all its columns; null for NULL. */
    String[] textsOfWhole(Change change) {
        return parameters.stream()
                .map(parameter -> tuple(parameter, change).text(parameter.place()))
                .toArray(String[]::new);
    }

    private static Tuple tuple(Parameter parameter, Change change) {
        return parameter.isOld() ? change.old() : change.row();
    }

    private static String array(Parameter parameter, List<Change> changes) {
        int length = 2;
        for (Change change : changes) {
            byte[] value = tuple(parameter, change).value(parameter.place());
            length += value == null ? 5 : value.length + 3;
        }
        StringBuilder array = new StringBuilder(length).append('{');
        for (Change change : changes) {
            if (array.length() > 1) {
                array.append(',');
            }
            element(tuple(parameter, change).text(parameter.place()), array);
        }
        return array.append('}').toString();
    }

    private static void element(String text, StringBuilder array) {
        if (text == null) {
            array.append("NULL");
            return;
        }
        array.append('"');
        if (text.indexOf('"') < 0 && text.indexOf('\\') < 0) {
            array.append(text);
        } else {
            array.append(text.replace("\\", "\\\\").replace("\"", "\\\""));
        }
        array.append('"');
    }
}
