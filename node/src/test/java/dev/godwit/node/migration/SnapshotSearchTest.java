package dev.godwit.node.migration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.migration.Preparation.Search;
import dev.godwit.protocol.error.ErrorCode;
import java.util.List;
import org.junit.jupiter.api.Test;

class SnapshotSearchTest {
    private static final String OURS = "742:750:745";

    private static Search search(Exports exports) {
        return Preparation.search(exports, OURS, List.of("first", "second"));
    }

    @Test
    void it_is_held_while_one_export_of_it_is_there() {
        assertThat(search(new Exports().with("first", OURS))).isEqualTo(Search.HELD);
    }

    @Test
    void it_is_lost_when_no_name_is_exported_any_more() {
        assertThat(search(new Exports())).isEqualTo(Search.LOST);
    }

    @Test
    void a_name_that_a_restarted_source_gave_to_another_snapshot_holds_nothing() {
        Exports exports = new Exports().with("first", "800:800:").with("second", "801:801:");

        assertThat(search(exports)).isEqualTo(Search.LOST);
        assertThat(exports.closed()).isEqualTo(2);
    }

    @Test
    void it_is_not_known_while_the_source_does_not_answer() {
        assertThat(search(new Exports().otherwise(ErrorCode.SOURCE_UNREACHABLE)))
                .isEqualTo(Search.UNKNOWN);
    }
}
