package dev.godwit.node.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.event.StoredTable.OpenShard;
import dev.godwit.protocol.event.TableEvent;
import dev.godwit.protocol.event.TableEvent.ClaimsConfirmed;
import dev.godwit.protocol.event.TableEvent.KeysBuilt;
import dev.godwit.protocol.event.TableEvent.ShardFailed;
import dev.godwit.protocol.event.TableEvent.ShardLanded;
import dev.godwit.protocol.event.TableEvent.ShardRetired;
import dev.godwit.protocol.event.TableEvent.ShardStarted;
import dev.godwit.protocol.event.TableEvent.ShardsReleased;
import dev.godwit.protocol.event.TableEvent.ShardsReopened;
import dev.godwit.protocol.event.TableEvent.TableContinued;
import dev.godwit.protocol.event.TableEvent.TableHalted;
import dev.godwit.protocol.event.TableEvent.WindowCut;
import dev.godwit.protocol.status.TableState;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class TableLedgerTest {
    private static final Problem PROBLEM =
            new Problem(ErrorCode.TARGET_FAILED, "The target answered with SQLSTATE 57014.", "public.users", "");

    private final TableLedger ledger = TableLedger.empty();

    private void given(TableEvent... events) {
        List.of(events).forEach(ledger::apply);
    }

    private static ShardStarted started(String shard, int attempt) {
        return new ShardStarted(shard, "worker-0", "node-a", attempt);
    }

    private static ShardLanded landed(String shard) {
        return new ShardLanded(shard, 10, 1_000, 50, "node-a");
    }

    @Test
    void a_table_goes_through_its_states() {
        assertThat(ledger.state()).isEqualTo(TableState.WAITING);
        given(ShardTransitionsTest.OPENED);
        assertThat(ledger.state()).isEqualTo(TableState.COPYING);
        given(new WindowCut("0", 1, true), landed("0.0"));
        assertThat(ledger.state()).isEqualTo(TableState.CONFIRMING);
        given(new ClaimsConfirmed(10, 1_000, 1));
        assertThat(ledger.state()).isEqualTo(TableState.INDEXING);
        given(new KeysBuilt());
        assertThat(ledger.state()).isEqualTo(TableState.COMPLETED);
    }

    @Test
    void a_halted_table_is_paused_and_forgets_failures_when_it_is_continued() {
        given(ShardTransitionsTest.OPENED, new WindowCut("0", 2, false), started("0.0", 1));
        given(new ShardFailed("0.0", PROBLEM, 1), new TableHalted(PROBLEM));
        assertThat(ledger.state()).isEqualTo(TableState.PAUSED);
        assertThat(ledger.open("0.0").orElseThrow().failures()).isEqualTo(1);

        given(new TableContinued("ann"));

        assertThat(ledger.state()).isEqualTo(TableState.COPYING);
        assertThat(ledger.open("0.0").orElseThrow().failures()).isZero();
        assertThat(ledger.open("0.0").orElseThrow().attempts()).isEqualTo(1);
    }

    @Test
    void a_table_is_landed_only_once_it_is_cut_to_its_end() {
        given(ShardTransitionsTest.OPENED, new WindowCut("0", 1, false), landed("0.0"));
        assertThat(ledger.landed()).isFalse();

        given(new WindowCut("1", 1, true));
        assertThat(ledger.landed()).isFalse();

        given(landed("1.0"));
        assertThat(ledger.landed()).isTrue();
    }

    @Test
    void a_retired_shard_is_replaced_by_its_pieces() {
        given(ShardTransitionsTest.OPENED, new WindowCut("0", 2, true), started("0.1", 1));

        given(new ShardRetired("0.1", 3));

        assertThat(ledger.open().stream().map(OpenShard::id)).containsExactly("0.0", "0.1.0", "0.1.1", "0.1.2");
        assertThat(ledger.shardsDone()).isZero();
    }

    @Test
    void a_released_shard_waits_and_has_not_failed() {
        given(ShardTransitionsTest.OPENED, new WindowCut("0", 1, true), started("0.0", 1));

        given(new ShardsReleased(List.of("0.0"), "node-a"));

        OpenShard shard = ledger.open("0.0").orElseThrow();
        assertThat(shard.node()).isNull();
        assertThat(shard.failures()).isZero();
        assertThat(ledger.retries()).isZero();
    }

    @Test
    void the_failure_of_an_older_try_says_nothing_about_the_running_one() {
        given(ShardTransitionsTest.OPENED, new WindowCut("0", 1, true), started("0.0", 1), started("0.0", 2));

        given(new ShardFailed("0.0", PROBLEM, 1));

        assertThat(ledger.running()).isEqualTo(1);
        assertThat(ledger.retries()).isZero();
    }

    @Test
    void claims_that_are_not_in_the_target_are_open_again_and_the_sums_are_those_of_the_rest() {
        given(ShardTransitionsTest.OPENED, new WindowCut("0", 3, true), landed("0.0"), landed("0.1"), landed("0.2"));

        given(new ShardsReopened(List.of("0.1", "0.2"), 20, 2_000));

        assertThat(ledger.rows()).isEqualTo(10);
        assertThat(ledger.bytes()).isEqualTo(1_000);
        assertThat(ledger.shardsDone()).isEqualTo(1);
        assertThat(ledger.waiting()).isEqualTo(2);
        assertThat(ledger.state()).isEqualTo(TableState.COPYING);
    }

    @Test
    void a_million_finished_shards_take_no_more_room_than_none() {
        given(ShardTransitionsTest.OPENED);
        IntStream.range(0, 1_000_000 / 64).forEach(window -> {
            ledger.apply(new WindowCut(Integer.toString(window), 64, false));
            IntStream.range(0, 64).forEach(place -> ledger.apply(landed(window + "." + place)));
        });

        assertThat(ledger.shardsDone()).isEqualTo(1_000_000);
        assertThat(ledger.stored().open()).isEmpty();
    }

    /** What may be heard in a state; repetitions and latecomers included. */
    private record Heard(int kind, int window, int place, int amount, boolean flag) {
        TableEvent in(TableLedger ledger) {
            String shard = anyShard(ledger);
            return switch (kind) {
                case 0 -> new WindowCut(Integer.toString(window), 1 + place, flag);
                case 1 -> new ShardStarted(shard, "worker-" + place, "node-" + window, amount);
                case 2 -> new ShardLanded(shard, amount, amount * 100L, 1, "node-a");
                case 3 -> new ShardFailed(shard, PROBLEM, amount);
                case 4 -> new ShardsReleased(List.of(shard, "9.9"), "node-a");
                case 5 -> new ShardRetired(shard, 1 + place);
                case 6 ->
                    new ShardsReopened(
                            reopened(ledger), Math.min(ledger.rows(), amount), Math.min(ledger.bytes(), amount));
                case 7 -> new TableHalted(PROBLEM);
                case 8 -> new TableContinued("ann");
                case 9 -> new ClaimsConfirmed(ledger.rows(), ledger.bytes(), ledger.shardsDone());
                default -> ShardTransitionsTest.OPENED;
            };
        }

        /** Mostly one that is open, sometimes one that never was or is done. */
        private String anyShard(TableLedger ledger) {
            List<OpenShard> open = List.copyOf(ledger.open());
            return open.isEmpty() || amount == 0
                    ? window + "." + place
                    : open.get((window * 7 + place) % open.size()).id();
        }

        /** As a coordinator does: never more than have landed. */
        private List<String> reopened(TableLedger ledger) {
            return IntStream.range(0, (int) Math.min(ledger.shardsDone(), 1 + place))
                    .mapToObj(i -> "0." + i)
                    .toList();
        }
    }

    @Property
    void no_sum_is_ever_negative_and_every_shard_is_open_or_done(@ForAll("sequences") List<Heard> sequence) {
        TableLedger ledger = TableLedger.empty();
        long pieces = 0;
        long retired = 0;
        for (Heard heard : sequence) {
            TableEvent event = heard.in(ledger);
            int openBefore = ledger.open().size();
            long doneBefore = ledger.shardsDone();
            boolean wasOpen =
                    event instanceof ShardRetired e && ledger.open(e.shard()).isPresent();
            int windowsBefore = ledger.windows();

            ledger.apply(event);

            if (event instanceof WindowCut e && ledger.windows() > windowsBefore) {
                pieces += e.shards();
            } else if (event instanceof ShardRetired e && wasOpen) {
                pieces += e.pieces();
                retired++;
            }
            assertThat(List.of(ledger.rows(), ledger.bytes(), ledger.shardsDone(), ledger.retries()))
                    .as("sums after %s", event)
                    .allMatch(sum -> sum >= 0);
            assertThat(ledger.shardsDone() + ledger.open().size())
                    .as("shards after %s, before it %s open and %s done", event, openBefore, doneBefore)
                    .isEqualTo(pieces - retired);
            assertThat(ledger.running() + ledger.waiting())
                    .isEqualTo(ledger.open().size());
            assertThat(ledger.landed())
                    .isEqualTo(ledger.allCut() && ledger.open().isEmpty());
            assertThat(TableLedger.of(ledger.stored()).stored()).isEqualTo(ledger.stored());
        }
    }

    @Property
    void repeating_any_event_at_any_time_changes_nothing(@ForAll("sequences") List<Heard> sequence) {
        TableLedger ledger = TableLedger.empty();
        for (Heard heard : sequence) {
            TableEvent event = heard.in(ledger);
            ledger.apply(event);
            var once = ledger.stored();

            assertThat(ledger.apply(event).stored()).as("%s again", event).isEqualTo(once);
        }
    }

    @Provide
    Arbitrary<List<Heard>> sequences() {
        return Combinators.combine(
                        Arbitraries.integers().between(0, 10),
                        Arbitraries.integers().between(0, 3),
                        Arbitraries.integers().between(0, 3),
                        Arbitraries.integers().between(0, 5),
                        Arbitraries.of(true, false))
                .as(Heard::new)
                .list()
                .ofMaxSize(60);
    }
}
