package dev.godwit.node.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class PlanReaderFuzzTest {
    private static final String CANARY = "hunter2canary";

    private static void readsOrRejects(String text) {
        try {
            PlanReader.read(text, "shop.yaml");
        } catch (PlanRejected rejected) {
            assertThat(rejected.problems()).isNotEmpty();
            assertThat(rejected.getMessage()).doesNotContain(CANARY);
            assertThat(rejected.problems().toString()).doesNotContain(CANARY);
            assertThat(rejected.problems())
                    .allSatisfy(problem -> assertThat(problem.where()).startsWith("shop.yaml"));
            assertThat(rejected.getCause()).isNull();
        }
    }

    @Property(tries = 1000)
    void any_text_is_read_or_rejected(@ForAll String text) {
        readsOrRejects(text);
    }

    @Property(tries = 2000)
    void any_heap_of_yaml_is_read_or_rejected(@ForAll("heaps") String text) {
        readsOrRejects(text);
    }

    @Property(tries = 1000)
    void a_plan_with_something_put_anywhere_is_read_or_rejected(
            @ForAll("pieces") String piece, @ForAll int at, @ForAll boolean replaces) {
        String text = PlanSamples.SHOP.replace("{env: SHOP_PASSWORD}", CANARY);
        int place = Math.floorMod(at, text.length());
        readsOrRejects(text.substring(0, place) + piece + text.substring(place + (replaces ? 1 : 0)));
    }

    @Property(tries = 1000)
    void a_secret_as_any_value_is_never_told(@ForAll("valuePlaces") String place, @ForAll("secrets") String secret) {
        readsOrRejects(PlanSamples.SHOP.replaceFirst(place, place + secret));
    }

    @Provide
    Arbitrary<String> pieces() {
        return Arbitraries.of(
                "{",
                "}",
                "[",
                "]",
                ":",
                ": ",
                ",",
                "\n",
                "\n  ",
                "\t",
                "'",
                "\"",
                "\\",
                "\\U00110000",
                "\\xg",
                "#",
                " #",
                "- ",
                "? ",
                "| ",
                ">-\n",
                "&a ",
                "*a",
                "!!x ",
                "!<%ff>",
                "!",
                "%YAML 9.9\n",
                "%TAG ! %\n",
                "---\n",
                "...\n",
                "<<: ",
                "~",
                "null",
                "0x",
                "1e9",
                ".inf",
                "\u0000",
                "\u0085",
                "\u2028",
                "\ud800",
                "\uFEFF",
                "@",
                "`",
                "*",
                "postgres",
                "password: ",
                "targets",
                "limits: ",
                "include: ",
                "apiVersion: godwit/v1\n",
                "url: ");
    }

    @Provide
    Arbitrary<String> heaps() {
        return Arbitraries.oneOf(pieces(), Arbitraries.strings().ascii().ofMaxLength(5))
                .list()
                .ofMaxSize(40)
                .map(pieces -> String.join("", pieces));
    }

    @Provide
    Arbitrary<String> valuePlaces() {
        return Arbitraries.of(List.of(
                "apiVersion: ",
                "kind: ",
                "name: ",
                "source: ",
                "targets: ",
                "main: ",
                "consistency: ",
                "include: ",
                "exclude: ",
                "schema: ",
                "limits: ",
                "host: ",
                "port: ",
                "database: ",
                "user: ",
                "password: ",
                "env: ",
                "sslmode: ",
                "file: ",
                "workersPerNode: ",
                "shardBytes: ",
                "sourceConnections: "));
    }

    @Provide
    Arbitrary<String> secrets() {
        return Arbitraries.of(
                CANARY,
                CANARY + ", x: ",
                "'" + CANARY + "', x: ",
                "\"" + CANARY + "\"\n",
                "{" + CANARY + "}",
                "{" + CANARY + "}, ",
                "[" + CANARY + "]",
                "'" + CANARY,
                "*" + CANARY + " ",
                "&" + CANARY + " ",
                "!" + CANARY + " ",
                "%" + CANARY,
                "@" + CANARY,
                "jdbc:postgresql://" + CANARY,
                "|\n  " + CANARY + "\n",
                "{value: " + CANARY + "}, ");
    }
}
