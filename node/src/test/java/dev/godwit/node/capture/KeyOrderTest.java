package dev.godwit.node.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeyOrderTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "smallint",
                "integer",
                "bigint",
                "uuid",
                "numeric",
                "numeric(10,2)",
                "numeric(3,-2)",
                "date",
                "timestamp without time zone",
                "timestamp(3) without time zone",
                "timestamp with time zone",
                "timestamp(0) with time zone"
            })
    void knows_the_order_of_types_whatever_the_collation(String type) {
        assertThat(KeyOrder.canCompare(type, false)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"text", "character varying", "character varying(20)"})
    void knows_the_order_of_texts_by_their_bytes_alone(String type) {
        assertThat(KeyOrder.canCompare(type, true)).isTrue();
        assertThat(KeyOrder.canCompare(type, false)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "integer[]",
                "numeric(10,2)[]",
                "character varying(20)[]",
                "timestamp(3) with time zone[]",
                "character(3)",
                "bpchar",
                "boolean",
                "double precision",
                "citext",
                "inet",
                "public.mood",
                "interval",
                "time with time zone",
                "\"char\"",
                "\"integer\"",
                ""
            })
    void does_not_guess_the_order_of_other_types(String type) {
        assertThat(KeyOrder.canCompare(type, true)).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bigint|-9223372036854775808 -10 -9 0 9 10 9223372036854775807",
                "numeric|-Infinity -1000000000000000000000 -1.01 -1.001 0 0.000001 0.1 1 9.99 10 1e30 Infinity NaN",
                "uuid|00000000-0000-0000-0000-000000000000 0a000000-0000-0000-0000-000000000000"
                        + " a0000000-0000-0000-0000-000000000000 ffffffff-ffff-ffff-ffff-ffffffffffff",
                "date|-infinity 4713-01-01_BC 0044-03-15_BC 0001-12-31_BC 0001-01-01 0999-12-31 1999-12-31 2000-02-29"
                        + " 2000-03-01 9999-12-31 10000-01-01 5874897-12-31 infinity",
                "timestamp without time zone|-infinity 4713-11-24_00:00:00_BC 0002-01-01_00:00:00_BC"
                        + " 0001-12-31_23:59:59.999999_BC 0001-01-01_00:00:00 1969-12-31_23:59:59.999999"
                        + " 1970-01-01_00:00:00 1970-01-01_00:00:00.000001 1970-01-01_00:00:00.00001"
                        + " 1970-01-01_00:00:00.1 1970-01-01_00:00:00.12 1970-01-01_00:00:01 1970-01-01_00:01:00"
                        + " 1970-01-01_01:00:00 10000-01-01_00:00:00 294276-12-31_23:59:59.999999 infinity",
                "timestamp with time zone|-infinity 0044-03-15_12:00:00+00_BC 0044-03-15_12:00:00.5+00_BC"
                        + " 0044-03-15_12:00:00+00 2026-11-21_23:59:59.5+00 2026-11-22_00:00:00+00 infinity",
                "text|A B a aa b z ß İ \uFFFD \uD83D\uDC26"
            })
    void is_the_order_of_the_source(String type, String ascending) {
        KeyOrder order = KeyOrder.of(table(type));
        List<Key> keys = List.of(ascending.split(" ")).stream()
                .map(text -> order.key(List.of(text.replace('_', ' '))))
                .toList();

        for (int i = 0; i < keys.size(); i++) {
            for (int j = 0; j < keys.size(); j++) {
                assertThat(Integer.signum(keys.get(i).compareTo(keys.get(j))))
                        .as(keys.get(i).texts() + " and " + keys.get(j).texts())
                        .isEqualTo(Integer.compare(i, j));
            }
        }
    }

    @Test
    void numbers_are_equal_whatever_their_scale() {
        KeyOrder order = KeyOrder.of(table("numeric"));

        assertThat(order.key(List.of("1.0"))).isEqualTo(order.key(List.of("1.00")));
    }

    @Test
    void an_empty_text_is_the_first() {
        KeyOrder order = KeyOrder.of(table("text"));

        assertThat(order.key(List.of(""))).isLessThan(order.key(List.of("\u0001")));
    }

    @Test
    void columns_count_from_the_left() {
        KeyOrder order = KeyOrder.of(table("integer", "text"));

        assertThat(order.key(List.of("2", "z"))).isLessThan(order.key(List.of("10", "a")));
        assertThat(order.key(List.of("2", "a"))).isLessThan(order.key(List.of("2", "b")));
    }

    @ParameterizedTest
    @CsvSource({
        "bigint,1.5",
        "bigint,secret",
        "numeric,secret",
        "uuid,0A000000-0000-0000-0000-000000000000",
        "date,21.11.2026",
        "date,2026-02-30",
        "timestamp without time zone,2026-11-21",
        "timestamp with time zone,2026-11-21 10:00:00+01",
        "timestamp with time zone,2026-11-21 10:00:00",
        "timestamp without time zone,2026-11-21 10:00:00.1234567"
    })
    void refuses_what_is_no_value_of_the_type_without_telling_it(String type, String text) {
        KeyOrder order = KeyOrder.of(table(type));

        assertThatThrownBy(() -> order.key(List.of(text)))
                .isExactlyInstanceOf(IllegalArgumentException.class)
                .hasMessageNotContaining(text);
    }

    private static TableSpec table(String... types) {
        List<ColumnSpec> columns = IntStream.range(0, types.length)
                .mapToObj(i -> new ColumnSpec("c" + i, types[i]))
                .toList();
        return new TableSpec(
                new TableName("public", "t"),
                columns,
                columns.stream().map(ColumnSpec::name).toList(),
                false,
                CutMethod.KEY,
                false,
                0,
                0,
                0);
    }
}
