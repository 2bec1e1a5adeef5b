package dev.godwit.node.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlanDigestTest {
    private static String digest(String text) {
        return PlanDigest.of(PlanReader.read(text, "shop.yaml"));
    }

    private static String changed(String from, String to) {
        assertThat(PlanSamples.SHOP).contains(from);
        return PlanSamples.SHOP.replace(from, to);
    }

    @Test
    void is_the_sha_256_of_sorted_json_and_stays_what_it_was_in_old_journals() {
        assertThat(PlanDigest.canonical(PlanReader.read(PlanSamples.SHOP, "shop.yaml")))
                .isEqualTo("{\"consistency\":\"snapshot\",\"exclude\":[\"public.audit_*\"],"
                        + "\"include\":[\"public.*\",\"sales.orders\"],\"name\":\"shop\",\"schema\":\"tables\","
                        + "\"source\":{\"database\":\"shop\",\"host\":\"127.0.0.1\",\"port\":5432,\"user\":\"reader\"},"
                        + "\"targets\":{\"main\":"
                        + "{\"database\":\"shop\",\"host\":\"127.0.0.1\",\"port\":5433,\"user\":\"owner\"}}}");
        assertThat(digest(PlanSamples.SHOP))
                .isEqualTo("dcb8e45ae2a4cbebd77d648db6272da5aa505ef444149f1b85a4d3cfa3266d38");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "name: shop                    | name: shop2",
                "port: 5432                    | port: 5434",
                "port: 5433                    | port: 5434",
                "user: reader                  | user: writer",
                "database: shop, user: owner   | database: shop2, user: owner",
                "host: 127.0.0.1, port: 5432   | host: 127.0.0.2, port: 5432",
                "main:                         | other:",
                "consistency: snapshot         | consistency: frozen",
                "sales.orders                  | sales.order",
                "public.audit_*                | public.audit*",
                "schema: tables                | schema: existing",
                "schema: tables                | largeObjects: true"
            })
    void changes_with_what_must_not_change_under_a_running_migration(String from, String to) {
        assertThat(digest(changed(from, to))).isNotEqualTo(digest(PlanSamples.SHOP));
    }

    @Test
    void changes_with_owners_and_grants_and_where_it_is_left_open_who_makes_the_tables() {
        assertThat(Stream.of(
                                "schema: tables",
                                "schema: tables\nowners: true",
                                "schema: tables\ngrants: true",
                                "schema:")
                        .map(schema -> digest(changed("schema: tables", schema)))
                        .distinct())
                .hasSize(4);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "workersPerNode: 4                         | workersPerNode: 8",
                "shardBytes: 128MiB                        | shardBytes: 1GiB",
                "env: SHOP_PASSWORD                        | env: OTHER",
                "{file: /run/secrets/shop}                 | {env: OTHER}",
                "sslmode: prefer                           | sslmode: require",
                "sslmode: prefer                           | properties: {connectTimeout: 10}",
                "consistency: snapshot                      | largeObjects: false",
                "[\"public.*\", \"sales.orders\"]          | [\"sales.orders\", \"public.*\", \"public.*\"]"
            },
            quoteCharacter = '~')
    void stays_with_what_may_change(String from, String to) {
        assertThat(digest(changed(from, to))).isEqualTo(digest(PlanSamples.SHOP));
    }
}
