package dev.godwit.node.progress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class CopyForecastTest {
    private static final Limits FOUR_WORKERS = Limits.DEFAULT;
    private static final long GB = 1_000_000_000L;

    private static TableSpec table(CutMethod method, long bytes) {
        return new TableSpec(new TableName("s", "t"), List.of(), List.of(), false, method, true, bytes, -1, 1);
    }

    @Test
    void all_workers_share_what_is_cut() {
        CopyForecast forecast = CopyForecast.of(FOUR_WORKERS, List.of(table(CutMethod.BLOCK, 48 * GB)));

        assertThat(forecast.workers()).isEqualTo(4);
        assertThat(forecast.lowSeconds()).isEqualTo(100);
        assertThat(forecast.highSeconds()).isEqualTo(401);
        assertThat(forecast.basis()).contains("30 to 120 MB/s for each of 4 connections");
    }

    @Test
    void a_table_that_is_not_cut_is_carried_by_one() {
        CopyForecast forecast =
                CopyForecast.of(FOUR_WORKERS, List.of(table(CutMethod.WHOLE, 12 * GB), table(CutMethod.KEY, GB)));

        assertThat(forecast.lowSeconds()).isEqualTo(100);
        assertThat(forecast.highSeconds()).isEqualTo(401);
    }

    @Test
    void servers_bound_what_many_connections_carry() {
        Limits many = new Limits(64, 128L << 20, 256L << 20, 200, 200);

        CopyForecast forecast = CopyForecast.of(many, List.of(table(CutMethod.BLOCK, 1200 * GB)));

        assertThat(forecast.lowSeconds()).isEqualTo(1000);
        assertThat(forecast.highSeconds()).isEqualTo(6001);
    }

    @Test
    void many_empty_tables_take_time_too() {
        List<TableSpec> tables = Collections.nCopies(200_000, table(CutMethod.WHOLE, 0));

        CopyForecast forecast = CopyForecast.of(FOUR_WORKERS, tables);

        assertThat(forecast.lowSeconds()).isEqualTo(1000);
        assertThat(forecast.highSeconds()).isEqualTo(5000);
    }

    @Test
    void fewer_connections_than_workers_are_reckoned_with() {
        Limits few = new Limits(4, 128L << 20, 256L << 20, 3, 32);

        assertThat(CopyForecast.of(few, List.of()).workers()).isEqualTo(1);
        assertThat(CopyForecast.alone(few, table(CutMethod.BLOCK, 12 * GB)).lowSeconds())
                .isEqualTo(100);
    }
}
