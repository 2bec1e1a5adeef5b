package dev.godwit.node.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.List;
import org.junit.jupiter.api.Test;

class SqlTest {
    @Test
    void identifiers_and_literals_are_quoted() {
        assertThat(Sql.ident("a\";DROP TABLE x;--")).isEqualTo("\"a\"\";DROP TABLE x;--\"");
        assertThat(Sql.literal("it's \\ fine")).isEqualTo("'it''s \\ fine'");
        assertThat(Sql.table(new TableName("s.1", "T"))).isEqualTo("\"s.1\".\"T\"");
    }

    @Test
    void texts_that_postgresql_can_not_hold_are_refused() {
        assertThatThrownBy(() -> Sql.literal("a\0b")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Sql.ident("")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void control_characters_are_escaped_for_messages() {
        assertThat(Sql.printable("a\nb\u0085c")).isEqualTo("a\\u000ab\\u0085c");
    }

    @Test
    void a_single_column_is_compared_plainly() {
        TableSpec table = table(false, "id");

        assertThat(Sql.predicate(table, new ShardRange.Keys(List.of("1"), List.of("5"))))
                .isEqualTo("\"id\" >= '1'::integer AND \"id\" < '5'::integer");
        assertThat(Sql.predicate(table, new ShardRange.Keys(null, null))).isEqualTo("true");
    }

    @Test
    void several_columns_are_compared_as_rows_with_the_first_columns_range_beside() {
        assertThat(Sql.predicate(table(false, "a", "b"), new ShardRange.Keys(List.of("1", "2"), null)))
                .isEqualTo("\"a\" >= '1'::integer AND (\"a\",\"b\") >= ('1'::integer,'2'::integer)");
    }

    @Test
    void a_nullable_key_has_its_nulls_in_their_own_range_only() {
        TableSpec table = table(true, "a", "b");

        assertThat(Sql.predicate(table, new ShardRange.Keys(null, null)))
                .isEqualTo("\"a\" IS NOT NULL AND \"b\" IS NOT NULL");
        assertThat(Sql.predicate(table, new ShardRange.NullKeys())).isEqualTo("(\"a\" IS NULL OR \"b\" IS NULL)");
    }

    @Test
    void blocks_are_compared_by_ctid() {
        TableSpec table = table(false, "id");

        assertThat(Sql.predicate(table, new ShardRange.Blocks(3, 7)))
                .isEqualTo("ctid >= '(3,0)'::tid AND ctid < '(7,0)'::tid");
        assertThat(Sql.predicate(table, new ShardRange.Blocks(0, -1))).isEqualTo("true");
    }

    private static TableSpec table(boolean nullable, String... key) {
        List<ColumnSpec> columns = List.of(key).stream()
                .map(name -> new ColumnSpec(name, "integer"))
                .toList();
        return new TableSpec(
                new TableName("public", "t"), columns, List.of(key), nullable, CutMethod.KEY, true, 0, 0, 1);
    }
}
