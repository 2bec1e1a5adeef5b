package dev.godwit.node.progress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.protocol.status.TableState;
import dev.godwit.protocol.status.TableStatus;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class VolumeTest {
    private static TableStatus table(TableState state, long bytes, long liveBytes, long estimatedBytes) {
        return new TableStatus(
                "public.users",
                state,
                bytes / 10,
                bytes,
                liveBytes / 10,
                liveBytes,
                -1,
                estimatedBytes,
                3,
                1,
                2,
                false,
                4,
                null);
    }

    @Test
    void nothing_makes_nothing() {
        assertThat(Volume.of(List.of())).isEqualTo(new Volume(0, 0, 0, 0, 0, 0, 0, 0));
    }

    @Test
    void tables_are_summed_up() {
        TableStatus table = table(TableState.COPYING, 1_000, 100, 5_000);

        assertThat(Volume.of(List.of(table, table))).isEqualTo(new Volume(200, 2_000, 20, 200, 10_000, 6, 2, 8));
    }

    @Test
    void what_is_to_come_is_estimated_by_what_finished_tables_took_as_far_as_they_are_the_whole() {
        TableStatus done = table(TableState.COMPLETED, 500, 0, 1_000);
        TableStatus open = table(TableState.WAITING, 0, 0, 1_000);

        assertThat(Volume.of(List.of(done, open)).estimatedBytes()).isEqualTo(500 + 750);
    }

    @Test
    void one_odd_table_does_not_spoil_the_estimate() {
        TableStatus odd = table(TableState.COMPLETED, 1_000_000, 0, 1);
        TableStatus open = table(TableState.WAITING, 0, 0, 100);

        assertThat(Volume.of(List.of(odd, open)).estimatedBytes()).isEqualTo(1_000_000 + 104);
    }

    @Property
    void the_estimate_is_never_less_than_what_has_travelled(@ForAll("tables") List<TableStatus> tables) {
        Volume volume = Volume.of(tables);

        assertThat(volume.estimatedBytes()).isGreaterThanOrEqualTo(volume.bytes() + volume.liveBytes());
    }

    @Provide
    Arbitrary<List<TableStatus>> tables() {
        Arbitrary<Long> bytes = Arbitraries.longs().between(0, 1L << 40);
        return Combinators.combine(Arbitraries.of(TableState.class), bytes, bytes, bytes)
                .as(VolumeTest::table)
                .list()
                .ofMaxSize(20);
    }
}
