package dev.godwit.ops.view;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.status.ChangeCounts;
import dev.godwit.protocol.status.CountedChanges;
import dev.godwit.protocol.status.Health;
import dev.godwit.protocol.status.InFlight;
import dev.godwit.protocol.status.NodeStatus;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.TableState;
import dev.godwit.protocol.status.TableStatus;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StatusTextTest {
    private static final String ESCAPE = "\u001B";

    private final StatusText text = new StatusText(Style.PLAIN);

    @Test
    void shows_the_whole_picture_of_a_running_migration() {
        List<String> block = text.block(
                Statuses.copying(123_000_000),
                List.of(
                        Statuses.table("public.small", TableState.WAITING, 10),
                        Statuses.table("public.big", TableState.COPYING, 200_000_000),
                        Statuses.table("public.done", TableState.COMPLETED, 100)),
                2);

        assertThat(String.join("\n", block)).isEqualTo("""
                        shop  copying  RUNNING
                          [############..................]  about 41%  124 MB of about 300 MB, 612,340 rows
                          52,100 rows/s, 12.3 MB/s  left 2 to 4 min  limited by: target (writes wait 84 % of the time)
                          tables 3 of 11 done  shards 31 done, 4 running  retries 1
                          nodes 2: 127.0.0.1:7081 (2 of 4 in flight), 127.0.0.1:7082 (2 of 4 in flight)
                          table        state      rows   bytes    %  shards done  running
                          public.big   copying   1,010  101 kB   50      5 of 10        1
                          public.done  completed  1,010  101 kB  100      5 of 10        1
                          and 1 more: 1 waiting""".replace("copying   1,010", "copying    1,010")
                .replace("state      rows", "state       rows"));
    }

    @Test
    void shows_changes_of_each_table_and_what_the_source_keeps_also_while_they_rest() {
        CountedChanges counted = new CountedChanges(new ChangeCounts(10, 20, 30, 1), new ChangeCounts(7, 8, 1900, 1));
        TableStatus big = Statuses.table("public.big", TableState.COPYING, 200_000_000);

        List<String> block = text.block(
                Statuses.capturing(true, counted),
                List.of(Statuses.table("public.small", TableState.WAITING, 10), big.with(counted)),
                2);

        assertThat(block)
                .contains(
                        "  changes 4.1 kB and 0.5 s behind: 7 inserted, 8 updated, 1,900 deleted, 1 truncated of 61 captured"
                                + " since 2026-11-21T10:00:00Z, 3 waiting, the source keeps 1.1 GB of its log"
                                + " (extended, 100 MB left)",
                        "  table         state     rows   bytes   %  shards done  running  captured  inserted  updated  deleted",
                        "  public.big    copying  1,010  101 kB  50      5 of 10        1        61         7        8    1,900",
                        "  public.small  waiting  1,010  101 kB  50      5 of 10        1         0         0        0        0",
                        "  SOURCE_SLOT_NEAR_LIMIT  slot",
                        "    Fix: look");
        assertThat(text.block(Statuses.capturing(false, counted), List.of(), 0))
                .contains("  changes are not applied, the source keeps 1.1 GB of its log (extended, 100 MB left)");
    }

    @Test
    void shows_the_same_in_one_line_for_a_log() {
        assertThat(text.line(Statuses.copying(123_000_000)))
                .isEqualTo(
                        "shop copying RUNNING, about 41%, 124 MB of about 300 MB, 612,340 rows, 52,100 rows/s,"
                                + " 12.3 MB/s, shards 31 done 4 running, left 2 to 4 min  limited by: target (writes wait 84 % of the time)");
    }

    @Test
    void shows_builds_beside_shards_and_what_is_allowed_beside_what_the_plan_allows() {
        List<NodeStatus> nodes = List.of(
                Statuses.node("http://127.0.0.1:7081", 2, new InFlight(1, 3, 3, 6, false)),
                Statuses.node("http://127.0.0.1:7082", 0, new InFlight(2, 0, 2, 2, false)));

        assertThat(text.block(Statuses.copying(123_000_000, nodes), List.of(), 0))
                .contains("  nodes 2: 127.0.0.1:7081 (2 and 1 build of 3 in flight, 6 at most),"
                        + " 127.0.0.1:7082 (0 and 2 builds of 2 in flight)");
    }

    @Test
    void never_says_of_a_failed_migration_that_nothing_is_left() {
        assertThat(text.line(Statuses.status(Phase.FAILED, Health.IDLE, "", 123_000_000, List.of())))
                .contains("left unknown");
        assertThat(text.line(Statuses.completed())).contains("left nothing");
    }

    @Test
    void a_snapshot_is_needed_until_all_rows_are_in() {
        assertThat(StatusText.needsSnapshot(Statuses.copying(1000))).isTrue();
        assertThat(StatusText.needsSnapshot(Statuses.status(Phase.PAUSED, Health.IDLE, "", 1000, List.of())))
                .isTrue();
        for (Phase phase : List.of(Phase.DRAFTED, Phase.INDEXING, Phase.COMPLETED, Phase.FAILED, Phase.CANCELLED)) {
            assertThat(StatusText.needsSnapshot(Statuses.status(phase, Health.RUNNING, "", 1000, List.of())))
                    .as(phase.word())
                    .isFalse();
        }
    }

    @Test
    void says_why_a_migration_is_stalled() {
        assertThat(text.line(Statuses.status(
                        Phase.COPYING, Health.STALLED, "the target does not answer", 1_000_000, List.of())))
                .startsWith("shop copying STALLED: the target does not answer,");
    }

    @Test
    void never_shows_more_than_a_hundred_percent_and_a_hundred_only_when_it_is_done() {
        assertThat(text.line(Statuses.copying(900_000_000))).contains("about 99%, 901 MB of about 901 MB");
        assertThat(text.line(Statuses.completed())).contains(", 100%, 300 MB, ");
    }

    @Test
    void shows_code_place_and_fix_of_a_problem_and_nothing_that_a_terminal_would_obey() {
        assertThat(text.problem(new Problem(
                        ErrorCode.TARGET_DISK_FULL, "The disk\u001B[2J is full.", "public.a\nb", "Make room.")))
                .containsExactly(
                        "TARGET_DISK_FULL  public.a\\u000Ab", "  The disk\\u001B[2J is full.", "  Fix: Make room.");
    }

    @Test
    void has_colours_only_where_they_are_wanted() {
        assertThat(new StatusText(new Style(true)).line(Statuses.copying(1))).contains(ESCAPE);
        assertThat(terminal(0, Map.of()).outStyle().colours()).isFalse();
        assertThat(terminal(80, Map.of()).outStyle().colours()).isTrue();
        assertThat(terminal(80, Map.of("NO_COLOR", "1")).outStyle().colours()).isFalse();
        assertThat(terminal(80, Map.of("TERM", "dumb")).errRedraws()).isFalse();
    }

    @Test
    void redraws_in_place_and_never_wraps_a_line() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        RedrawnView view =
                new RedrawnView(new PrintStream(bytes, true, StandardCharsets.UTF_8), new StatusText(Style.PLAIN), 40);

        view.show(Statuses.copying(1_000_000), List.of());
        view.notice("a node died");
        view.show(Statuses.copying(2_000_000), List.of());

        String shown = bytes.toString(StandardCharsets.UTF_8);
        assertThat(shown).contains(ESCAPE + "[5A\r" + ESCAPE + "[Ja node died\n");
        assertThat(shown.replaceAll(ESCAPE + "\\[[0-9]*[AJ]|\r", "").lines()).allMatch(line -> line.length() < 40);
    }

    @Test
    void gives_ranges_and_amounts_as_people_read_them() {
        assertThat(Quantity.range(-1, 5)).isEqualTo("unknown");
        assertThat(Quantity.range(20, 50)).isEqualTo("20 to 50 s");
        assertThat(Quantity.range(130, 210)).isEqualTo("2 to 4 min");
        assertThat(Quantity.range(7200, 10_800)).isEqualTo("2 to 3 h");
        assertThat(Quantity.bytes(999)).isEqualTo("999 B");
        assertThat(Quantity.bytes(999_960)).isEqualTo("1.0 MB");
        assertThat(Quantity.bytes(1_500_000_000_000L)).isEqualTo("1.5 TB");
    }

    private static Terminal terminal(int columns, Map<String, String> environment) {
        return new Terminal(System.out, System.err, columns, columns, environment);
    }
}
