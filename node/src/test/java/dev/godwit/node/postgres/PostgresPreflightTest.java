package dev.godwit.node.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.postgres.PostgresPreflight.Found;
import dev.godwit.node.postgres.TargetServer.Database;
import dev.godwit.node.testing.Plans;
import dev.godwit.protocol.check.Remark;
import dev.godwit.protocol.check.RemarkCode;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Endpoint;
import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What is found between two real databases. Their server runs without fsync, which is always a warning. */
class PostgresPreflightTest {
    private static final Limits SMALL = new Limits(2, 1 << 20, 64L << 20, 8, 8);

    private final Database source = TargetServer.database();
    private final Database target = TargetServer.database();

    private static Plan plan(PostgresAddress from, PostgresAddress to, SchemaMode mode, Limits limits) {
        return new Plan(
                "godwit/v1",
                "Migration",
                "shop",
                new Endpoint(from),
                Map.of("main", new Endpoint(to)),
                Consistency.FROZEN,
                List.of("*.*"),
                List.of(),
                mode,
                List.of(),
                limits);
    }

    private static Found look(PostgresAddress from, PostgresAddress to, Limits limits) {
        return look(plan(from, to, SchemaMode.TABLES, limits));
    }

    private static Found look(Plan plan, ErrorCode... known) {
        List<TableSpec> tables;
        try (PostgresSource asked = new PostgresSource(plan.source().postgres(), "godwit test", 1)) {
            tables = asked.tables(plan);
        }
        return PostgresPreflight.look(
                plan,
                tables,
                Stream.of(known).map(code -> new Problem(code, "", "", "")).toList());
    }

    private Found look() {
        return look(source.address(), target.address(), SMALL);
    }

    private static List<RemarkCode> codes(Found found) {
        return Stream.concat(found.warnings().stream(), found.notes().stream())
                .map(Remark::code)
                .toList();
    }

    private static Remark one(Found found, RemarkCode code) {
        return Stream.concat(found.warnings().stream(), found.notes().stream())
                .filter(remark -> remark.code() == code)
                .findFirst()
                .orElseThrow(() -> new AssertionError(code + " is not among " + found));
    }

    private static Database database(String name, String options) {
        new Database("postgres").run("CREATE DATABASE " + name + " TEMPLATE template0 " + options);
        return new Database(name);
    }

    @Test
    void like_databases_give_what_is_needed_and_no_more() {
        source.run("CREATE TABLE item (id int PRIMARY KEY)", "INSERT INTO item SELECT generate_series(1, 1000)");

        Found found = look();

        assertThat(codes(found)).containsExactly(RemarkCode.TARGET_NOT_CRASH_SAFE, RemarkCode.SPACE_NEEDED);
        assertThat(found.space().rowBytes()).isPositive();
        assertThat(found.space().indexBytes()).isPositive();
        assertThat(found.space().walBytes()).isEqualTo(1L << 30);
        assertThat(one(found, RemarkCode.SPACE_NEEDED).what()).contains("1.1 GB for WAL", "can't be asked over SQL");
        assertThat(target.number("SELECT count(*) FROM pg_namespace WHERE nspname = 'godwit'"))
                .isZero();
    }

    @Test
    void ceilings_above_what_is_free_are_warnings_with_both_numbers() {
        Found found = look(source.address(), target.address(), new Limits(2, 1 << 20, 64L << 20, 5000, 6000));

        assertThat(one(found, RemarkCode.SOURCE_CONNECTIONS_FEW).what())
                .containsPattern("has \\d+ connections free for us by the server's max_connections")
                .contains("limits.sourceConnections is 5000");
        assertThat(one(found, RemarkCode.TARGET_CONNECTIONS_FEW).what())
                .containsPattern("has \\d+ connections free for us by the server's max_connections")
                .contains("limits.targetConnections is 6000");
    }

    @Test
    void limits_of_role_and_database_bound_what_is_free() throws SQLException {
        source.run("CREATE ROLE counted LOGIN CONNECTION LIMIT 7");
        target.run("CREATE ROLE plain LOGIN", "ALTER DATABASE " + target.name() + " CONNECTION LIMIT 6");

        List<Connection> others = new ArrayList<>();
        try {
            others.add(source.plain("counted"));
            others.add(source.plain("counted"));
            others.add(target.plain());
            Found found = look(source.address("counted"), target.address("plain"), SMALL);

            assertThat(one(found, RemarkCode.SOURCE_CONNECTIONS_FEW).what())
                    .contains("has 5 connections free for us by the role's CONNECTION LIMIT");
            assertThat(one(found, RemarkCode.TARGET_CONNECTIONS_FEW).what())
                    .contains("has 5 connections free for us by the database's CONNECTION LIMIT");
        } finally {
            for (Connection other : others) {
                other.close();
            }
        }
    }

    @Test
    void timeouts_of_role_and_database_are_lifted_and_told() {
        source.run(
                "CREATE ROLE hurried LOGIN",
                "ALTER ROLE hurried SET statement_timeout = '5min'",
                "ALTER ROLE hurried IN DATABASE " + source.name() + " SET lock_timeout = '3s'",
                "ALTER DATABASE " + source.name() + " SET idle_in_transaction_session_timeout = '10s'",
                "ALTER DATABASE " + source.name() + " SET transaction_timeout = '1h'",
                "ALTER DATABASE " + source.name() + " SET lock_timeout = '9s'");

        Found found = look(source.address("hurried"), target.address(), SMALL);

        assertThat(codes(found)).doesNotContain(RemarkCode.SESSION_TIMEOUT_STAYS);
        assertThat(one(found, RemarkCode.SESSION_TIMEOUT_LIFTED).what())
                .contains(
                        "statement_timeout = 300000 ms by the role,",
                        "lock_timeout = 3000 ms by the role in this database",
                        "idle_in_transaction_session_timeout = 10000 ms by the database",
                        "transaction_timeout = 3600000 ms by the database");
        assertThat(one(found, RemarkCode.SESSION_TIMEOUT_LIFTED).where()).endsWith("/" + source.name());
    }

    @Test
    void encodings_that_differ_are_told_with_what_follows() {
        Database latin = database("latin", "ENCODING 'LATIN1' LOCALE 'C'");
        Database unchecked = database("unchecked", "ENCODING 'SQL_ASCII' LOCALE 'C'");

        assertThat(one(look(latin.address(), target.address(), SMALL), RemarkCode.ENCODING_CONVERTED)
                        .what())
                .contains("LATIN1", "UTF8");
        assertThat(one(look(source.address(), latin.address(), SMALL), RemarkCode.ENCODING_NARROWER)
                        .what())
                .contains("becomes LATIN1");
        Found fromUnchecked = look(unchecked.address(), target.address(), SMALL);
        assertThat(one(fromUnchecked, RemarkCode.SOURCE_ENCODING_UNCHECKED).what())
                .contains("SQL_ASCII", "refused");
        assertThat(codes(fromUnchecked)).doesNotContain(RemarkCode.ENCODING_CONVERTED, RemarkCode.ENCODING_NARROWER);
    }

    @Test
    void the_query_that_is_advised_finds_bytes_that_are_not_utf8() {
        Database bytes = database("bytes", "ENCODING 'SQL_ASCII' LOCALE 'C'");
        bytes.run("CREATE TABLE t (id int, a text)", "INSERT INTO t VALUES (1, 'good'), (2, E'\\xff')");
        String advised = "SELECT convert_from(convert_to(a, 'SQL_ASCII'), 'UTF8') FROM t WHERE id = ";

        assertThat(bytes.text(advised + 1)).isEqualTo("good");
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> bytes.text(advised + 2))
                .hasMessageContaining("invalid byte sequence");
    }

    @Test
    void orders_of_text_that_differ_are_told() {
        Database builtin = database("builtin", "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'");
        Database plain = database("plain_c", "ENCODING 'UTF8' LOCALE 'C'");

        assertThat(one(look(plain.address(), builtin.address(), SMALL), RemarkCode.COLLATION_DIFFERS)
                        .what())
                .contains("sorts by C (libc) in the source and by C.UTF-8 (builtin) in the target");
        assertThat(codes(look(plain.address(), plain.address(), SMALL))).doesNotContain(RemarkCode.COLLATION_DIFFERS);
    }

    @Test
    void collations_of_another_version_than_when_they_were_made_are_named() {
        Database old = database("old_rules", "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'");
        old.run(
                "UPDATE pg_database SET datcollversion = '0.1' WHERE datname = 'old_rules'",
                "CREATE COLLATION mine (provider = builtin, locale = 'C.UTF-8', version = '0.2')",
                "CREATE COLLATION unused (provider = builtin, locale = 'C.UTF-8', version = '0.3')",
                "CREATE TABLE item (name text COLLATE mine PRIMARY KEY, more text)",
                "INSERT INTO item SELECT i::text, repeat(md5(i::text), 10) FROM generate_series(1, 100) i");

        Found asSource = look(old.address(), target.address(), new Limits(2, 1000, 64L << 20, 8, 8));

        assertThat(one(asSource, RemarkCode.COLLATION_VERSION_CHANGED).what())
                .contains(
                        "the database's own (0.1 then, 1 now), public.mine (0.2 then, 1 now).",
                        "rows be missed where a table is cut by such a key")
                .doesNotContain("unused");
        assertThat(one(asSource, RemarkCode.COLLATION_VERSION_CHANGED).fix()).contains("consistency: snapshot");
        assertThat(one(look(source.address(), old.address(), SMALL), RemarkCode.COLLATION_VERSION_CHANGED)
                        .where())
                .endsWith("/old_rules");
    }

    @Test
    void tables_without_a_key_are_counted_by_what_becomes_of_them() {
        source.run(
                "CREATE TABLE keyed (id int PRIMARY KEY)",
                "CREATE TABLE log (line text)",
                "INSERT INTO log SELECT repeat(md5(i::text), 10) FROM generate_series(1, 1000) i",
                "CREATE TABLE tiny (id int)");

        Remark remark = one(
                look(source.address(), target.address(), new Limits(2, 100_000, 64L << 20, 8, 8)),
                RemarkCode.TABLES_WITHOUT_KEY);

        assertThat(remark.what())
                .startsWith("2 of 3 tables have no key that could cut them: public.log, public.tiny.")
                .contains("Copied whole, each by one worker: 1.", "Cut by block: 1; these");
    }

    @Test
    void tables_that_hold_up_the_changes_of_others_are_named() {
        source.run(
                "CREATE TABLE counted (id int PRIMARY KEY, line text)",
                "CREATE TABLE named (name text COLLATE \"en-x-icu\" PRIMARY KEY, line text)",
                "INSERT INTO counted SELECT i, repeat(md5(i::text), 10) FROM generate_series(1, 1000) i",
                "INSERT INTO named SELECT i, repeat(md5(i::text), 10) FROM generate_series(1, 1000) i",
                "CREATE TABLE tiny (line text COLLATE \"en-x-icu\" PRIMARY KEY)");
        Plan plan =
                plan(source.address(), target.address(), SchemaMode.TABLES, new Limits(2, 100_000, 64L << 20, 8, 8));

        assertThat(one(look(Plans.withConsistency(plan, Consistency.ONLINE)), RemarkCode.ONLINE_TABLES_WHOLE)
                        .what())
                .startsWith("1 of 3 tables go as one shard each")
                .contains("public.named");
        assertThat(codes(look(plan))).doesNotContain(RemarkCode.ONLINE_TABLES_WHOLE);
    }

    @Test
    void partitions_of_the_target_need_locks() {
        source.run("CREATE TABLE part (id int PRIMARY KEY)");
        target.run(
                "CREATE TABLE part (id int PRIMARY KEY) PARTITION BY RANGE (id)",
                "CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10)",
                "CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (10) TO (20)");

        Found many = look(plan(
                source.address(), target.address(), SchemaMode.EXISTING, new Limits(2, 1 << 20, 64L << 20, 8, 10_000)));

        assertThat(one(many, RemarkCode.TARGET_LOCKS_FEW).what())
                .contains("public.part", "60000 locks", "max_locks_per_transaction");
        assertThat(codes(look(plan(source.address(), target.address(), SchemaMode.EXISTING, SMALL))))
                .doesNotContain(RemarkCode.TARGET_LOCKS_FEW);
    }

    @Test
    void a_part_that_can_not_be_asked_is_told_and_does_not_hide_the_rest() {
        source.run(
                "CREATE TABLE item (id int)",
                "CREATE ROLE barred LOGIN",
                "GRANT SELECT ON item TO barred",
                "REVOKE EXECUTE ON FUNCTION pg_indexes_size(regclass) FROM PUBLIC");

        Found found = look(source.address("barred"), target.address(), SMALL);

        assertThat(one(found, RemarkCode.CHECK_INCOMPLETE).what())
                .startsWith("It could not be seen how big tables are: ")
                .contains("pg_indexes_size");
        assertThat(codes(found)).contains(RemarkCode.TABLES_WITHOUT_KEY).doesNotContain(RemarkCode.SPACE_NEEDED);
        assertThat(found.space()).isNull();
    }

    @Test
    void a_side_that_is_known_to_be_shut_is_not_asked_again() {
        Plan plan = plan(
                source.address(),
                new PostgresAddress("127.0.0.1", 1, "x", "x", null, "disable", null),
                SchemaMode.TABLES,
                new Limits(2, 1 << 20, 64L << 20, 5000, 8));

        source.run("CREATE TABLE item (id int PRIMARY KEY)");

        Found found = look(plan, ErrorCode.TARGET_UNREACHABLE);

        assertThat(codes(found)).containsExactly(RemarkCode.SOURCE_CONNECTIONS_FEW, RemarkCode.SPACE_NEEDED);
        assertThat(one(found, RemarkCode.SPACE_NEEDED).what()).contains(", and the WAL.");
        assertThat(found.space().walBytes()).isEqualTo(-1);
    }

    @Test
    void where_there_is_no_room_for_a_migration_there_is_still_for_a_look() {
        Limits many = new Limits(2, 1 << 20, 64L << 20, 8, 5000);

        Found found =
                look(plan(source.address(), target.address(), SchemaMode.TABLES, many), ErrorCode.TARGET_CONNECTIONS);

        assertThat(codes(found)).containsExactly(RemarkCode.TARGET_NOT_CRASH_SAFE);
    }
}
