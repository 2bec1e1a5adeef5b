package dev.godwit.protocol.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.protocol.table.TableName;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TablePatternsTest {
    @ParameterizedTest
    @CsvSource({
        "*.*,              public,  users,      true",
        "public.*,         public,  users,      true",
        "public.*,         public2, users,      false",
        "public.*,         Public,  users,      false",
        "sales.orders,     sales,   orders,     true",
        "sales.orders,     sales,   orders_old, false",
        "public.audit_*,   public,  audit_,     true",
        "public.audit_*,   public,  audit_2026, true",
        "public.audit_*,   public,  audit,      false",
        "public.*_old,     public,  a_old,      true",
        "public.*_old,     public,  _old,       true",
        "public.*_old,     public,  old,        false",
        "public.a*b*a,     public,  aba,        true",
        "public.a*b*a,     public,  axxbyya,    true",
        "public.a*b*a,     public,  aa,         false",
        "public.a*a,       public,  a,          false",
        "*s.t*,            sales,   table,      true",
        "a.b.c,            a,       b.c,        true",
        "a\\.b.c,          a.b,     c,          true",
        "a\\.b.c,          a,       b.c,        false",
        "a.b\\*,           a,       b*,         true",
        "a.b\\*,           a,       bx,         false",
        "a*.b,             a,       x.b,        false",
        "a.[x],            a,       [x],        true",
        "a.x?,             a,       xy,         false",
        "a.🐘,             a,       🐘,         true",
        "a.*🐘,            a,       🐦🐘,       true",
        "a.🐘,             a,       🐦,         false"
    })
    void matches_schema_and_table_each_by_its_part(String pattern, String schema, String name, boolean matches) {
        assertThat(TablePatterns.matches(pattern, new TableName(schema, name))).isEqualTo(matches);
    }

    @ParameterizedTest
    @CsvSource({"a.b, true", "a.b\\*, true", "a\\.b.c, true", "a.b*, false", "*.b, false", "a.b\\\\*, false"})
    void is_exact_without_a_star_of_its_own(String pattern, boolean exact) {
        assertThat(TablePatterns.isExact(pattern)).isEqualTo(exact);
    }

    @Test
    void excludes_win_over_includes() {
        PostgresAddress place = new PostgresAddress("h", 5432, "d", "u", null, null, null);
        Plan plan = new Plan(
                "godwit/v1",
                "Migration",
                "shop",
                new Endpoint(place),
                Map.of("main", new Endpoint(place)),
                Consistency.SNAPSHOT,
                List.of("public.*", "sales.orders"),
                List.of("public.audit_*"),
                SchemaMode.TABLES,
                List.of(),
                Limits.DEFAULT);
        assertThat(TablePatterns.matches(plan, new TableName("public", "users")))
                .isTrue();
        assertThat(TablePatterns.matches(plan, new TableName("sales", "orders")))
                .isTrue();
        assertThat(TablePatterns.matches(plan, new TableName("public", "audit_2026")))
                .isFalse();
        assertThat(TablePatterns.matches(plan, new TableName("sales", "users"))).isFalse();
    }

    @Test
    void the_text_of_a_table_is_a_pattern_of_that_table() {
        TableName odd = new TableName("a.b\\", "c\".;DROP");
        assertThat(TablePatterns.wellFormed(odd.text())).isTrue();
        assertThat(TablePatterns.matches(odd.text(), odd)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "users", ".users", "public.", "a\\.b", "a.b\n", "a.b\u0000", "a.b\\"})
    void refuses_what_is_no_pattern(String pattern) {
        assertThat(TablePatterns.wellFormed(pattern)).isFalse();
    }

    @Test
    void matching_without_a_dot_is_refused() {
        assertThatThrownBy(() -> TablePatterns.matches("users", new TableName("public", "users")))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
