package dev.godwit.node.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.postgres.TableSizes.Size;
import dev.godwit.node.postgres.TargetServer.Database;
import dev.godwit.protocol.check.Remark;
import dev.godwit.protocol.check.RemarkCode;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RowWidthsTest {
    private static final long MB = 1_000_000;

    private final Database database = TargetServer.database();

    /** As a catalog would say it: the size is part of it. */
    private TableSpec spec(String table, boolean binary) {
        TableSpec spec = database.spec("public", table, binary);
        return new TableSpec(
                spec.name(),
                spec.columns(),
                spec.keyColumns(),
                spec.keyNullable(),
                spec.method(),
                binary,
                database.number("SELECT pg_table_size('" + table + "')"),
                -1,
                1);
    }

    private List<Remark> remarks(long near, long shardBytes, TableSpec... tables) {
        List<TableSpec> all = List.of(tables);
        try (PostgresConnections connections = database.source();
                Connection connection = connections.take()) {
            Map<TableName, Size> sizes = TableSizes.read(connection, all);
            List<Remark> remarks = new RowWidths(near, shardBytes).remarks(connection, all, sizes, "place");
            connection.rollback();
            return remarks;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void a_row_is_measured_in_the_form_in_which_it_travels() {
        database.run(
                "CREATE TABLE wide (id int, data bytea, note text)",
                "ALTER TABLE wide ALTER data SET STORAGE EXTERNAL",
                "INSERT INTO wide SELECT i, convert_to(repeat('x', 3000000), 'UTF8'), 'secret' FROM generate_series(1, 3) i");
        TableSpec binary = spec("wide", true);
        TableSpec text = spec("wide", false);

        assertThat(remarks(5 * MB, 100 * MB, binary)).isEmpty();
        assertThat(remarks(5 * MB, 100 * MB, text)).singleElement().satisfies(remark -> {
            assertThat(remark.code()).isEqualTo(RemarkCode.ROWS_NEAR_LIMIT);
            assertThat(remark.what()).contains("of 3 sampled rows is about 6.0 MB as text, where bytea doubles");
            assertThat(remark.where()).isEqualTo("public.wide");
            assertThat(remark.toString()).doesNotContain("secret");
        });
    }

    @Test
    void values_that_compress_are_measured_by_what_they_unpack_to() {
        database.run(
                "CREATE TABLE packed (id int, note text, short character varying(10))",
                "INSERT INTO packed SELECT i, repeat('x', 30000000), 'a' FROM generate_series(1, 4) i");

        assertThat(remarks(30 * MB, 100 * MB, spec("packed", true)))
                .singleElement()
                .satisfies(remark -> assertThat(remark.what()).contains("about 30.0 MB."));
    }

    @Test
    void rows_wider_than_shards_are_a_note_for_all_tables_together() {
        database.run(
                "CREATE TABLE one (id int, \"da\"\"ta\" bytea)",
                "ALTER TABLE one ALTER \"da\"\"ta\" SET STORAGE EXTERNAL",
                "INSERT INTO one VALUES (1, convert_to(repeat('x', 2000000), 'UTF8'))",
                "CREATE TABLE two (LIKE one INCLUDING ALL)",
                "INSERT INTO two SELECT * FROM one",
                "CREATE TABLE narrow (id int PRIMARY KEY, note text)",
                "INSERT INTO narrow SELECT i, md5(i::text) FROM generate_series(1, 1000) i");

        assertThat(remarks(RowWidths.NEAR, MB, spec("one", true), spec("two", true), spec("narrow", true)))
                .singleElement()
                .satisfies(remark -> {
                    assertThat(remark.code()).isEqualTo(RemarkCode.ROWS_WIDER_THAN_SHARDS);
                    assertThat(remark.what())
                            .containsPattern("public\\.(one|two), public\\.(one|two) are of up to 2.0 MB")
                            .contains("limits.shardBytes (1.0 MB)");
                });
    }

    @Test
    void a_table_of_many_blocks_is_sampled() {
        database.run(
                "CREATE TABLE long (id int, filler text, data bytea)",
                "ALTER TABLE long ALTER data SET STORAGE EXTERNAL, ALTER filler SET STORAGE PLAIN",
                "INSERT INTO long SELECT i, repeat(md5(i::text), 60), CASE WHEN i % 50 = 0"
                        + " THEN convert_to(repeat('x', 100000), 'UTF8') END FROM generate_series(1, 8000) i");
        assertThat(database.number("SELECT pg_relation_size('long') / 8192")).isGreaterThan(1500);

        assertThat(remarks(100_000, 1000 * MB, spec("long", true)))
                .singleElement()
                .satisfies(remark ->
                        assertThat(remark.what()).containsPattern("of \\d{4} sampled rows is about 10\\d\\.\\d kB\\."));
    }
}
