package dev.godwit.node.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

class PositionTest {
    @Test
    void covers_what_is_before_it_and_itself() {
        Position position = new Position(100, 2);

        assertThat(position.covers(99, 1_000)).isTrue();
        assertThat(position.covers(100, 2)).isTrue();
        assertThat(position.covers(100, 3)).isFalse();
        assertThat(position.covers(101, 1)).isFalse();
        assertThat(new Position(100, Position.WHOLE).covers(100, 1_000)).isTrue();
        assertThat(Position.START.covers(1, 1)).isFalse();
    }

    @Test
    void follows_the_stream() {
        assertThat(new Position(100, 2))
                .isGreaterThan(new Position(100, 1))
                .isGreaterThan(new Position(99, Position.WHOLE))
                .isLessThan(new Position(100, Position.WHOLE))
                .isLessThan(new Position(101, 0));
    }

    @Test
    void an_id_of_32_bits_is_the_one_next_to_the_reference() {
        PassedBy shortlyAfterAnEpoch = new PassedBy((3L << 32) + 10);

        assertThat(shortlyAfterAnEpoch.wide(11)).isEqualTo((3L << 32) + 11);
        assertThat(shortlyAfterAnEpoch.wide(0xFFFF_FFF0L)).isEqualTo((2L << 32) + 0xFFFF_FFF0L);
        assertThat(new PassedBy((3L << 32) - 10).wide(5)).isEqualTo((3L << 32) + 5);
    }

    @Test
    void a_snapshot_moves_the_reference_on() {
        PassedBy passedBy = new PassedBy(10);
        passedBy.add(8, 100);
        passedBy.add(9, 200);

        passedBy.visible(Visibility.of("9:" + ((1L << 32) + 20) + ":9"));

        assertThat(passedBy.ids()).isEqualTo(Set.of(9L));
        assertThat(passedBy.oldestCommitLsn()).isEqualTo(200);
        assertThat(passedBy.wide(20)).isEqualTo((1L << 32) + 20);
    }
}
