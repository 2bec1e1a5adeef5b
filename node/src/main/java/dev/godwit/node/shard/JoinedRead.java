package dev.godwit.node.shard;

import dev.godwit.node.capture.Visibility;
import dev.godwit.node.source.ChangeSource;
import dev.godwit.node.source.RangeReader;
import dev.godwit.node.target.TargetDatabase.Join;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.Shard;
import dev.godwit.protocol.table.TableSpec;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * The part of one try to copy a shard that meets the stream of changes: announces the shard, takes a snapshot that sees
 * every transaction that the stream has passed by, and tells what became of it. Does nothing where there is no stream.
 */
final class JoinedRead {
    /** How long an answer of the reader is waited for. */
    private static final Duration ANSWER = Duration.ofSeconds(10);

    /** How long snapshots are taken anew: a commit that waits for a synchronous standby may take its time. */
    private static final Duration VISIBLE = Duration.ofSeconds(20);

    private static final Duration ALIVE = Duration.ofSeconds(10);

    private static final long FIRST_PAUSE_MILLIS = 2;
    private static final long LONGEST_PAUSE_MILLIS = 250;

    private final Optional<ChangeReader> changes;
    private final TableSpec table;
    private final Shard shard;
    private volatile ChangeReader.Announced announced;
    private volatile long toldAliveNanos = System.nanoTime();
    private long lsn;

    JoinedRead(Optional<ChangeReader> changes, TableSpec table, Shard shard) {
        this.changes = changes;
        this.table = table;
        this.shard = shard;
    }

    /** Announces the shard; true if the reader knows it as landed already. Blocks. */
    boolean announce() {
        if (changes.isEmpty()) {
            return false;
        }
        ChangeReader.Announced answer = await(changes.get());
        if (answer.alreadyLanded()) {
            return true;
        }
        announced = answer;
        return false;
    }

    private ChangeReader.Announced await(ChangeReader reader) {
        try {
            return reader.announce(table, shard).toCompletableFuture().get(ANSWER.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | CompletionException e) {
            throw e.getCause() instanceof GodwitException known ? known : notReady();
        } catch (TimeoutException e) {
            throw notReady();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw notReady();
        }
    }

    static GodwitException notReady() {
        return new GodwitException(
                ErrorCode.CAPTURE_NOT_READY, "Nobody reads the source's changes at the moment.", "", "");
    }

    /** Opens readers until one sees all that it must see. Blocks. */
    RangeReader read(Supplier<RangeReader> open) {
        long begun = System.nanoTime();
        long pause = FIRST_PAUSE_MILLIS;
        while (true) {
            RangeReader reader = open.get();
            if (announced == null) {
                return reader;
            }
            boolean fits = false;
            try {
                if (!reader.columns().equals(table.columns())) {
                    changes.orElseThrow().altered(table.name());
                    throw new GodwitException(
                            ErrorCode.CAPTURE_NOT_READY,
                            "The table has other columns at the source than are known.",
                            "",
                            "");
                }
                Visibility sees = Visibility.of(reader.snapshot());
                if (announced.passedBy().stream().allMatch(sees::sees)) {
                    lsn = reader.lsn();
                    fits = true;
                    return reader;
                }
            } finally {
                if (!fits) {
                    reader.close();
                }
            }
            if (System.nanoTime() - begun > VISIBLE.toNanos()) {
                throw ChangeSource.tooEarly(VISIBLE, "");
            }
            rest(pause);
            pause = Math.min(LONGEST_PAUSE_MILLIS, 2 * pause);
        }
    }

    /**
     * Waits until all that was read is on the source's disk. A commit that does not wait for it is visible before; a source
     * that crashes then has never had it, and the stream will not tell.
     */
    void awaitFlushed(RangeReader reader, Runnable flush) {
        long begun = System.nanoTime();
        while (announced != null && Long.compareUnsigned(reader.flushedLsn(), lsn) < 0) {
            flush.run();
            if (System.nanoTime() - begun > VISIBLE.toNanos()) {
                throw new GodwitException(
                        ErrorCode.SOURCE_FAILED,
                        "What was read is not on the source's disk after " + VISIBLE.toSeconds() + " s.",
                        "",
                        "Look at the source's disk.");
            }
            rest(FIRST_PAUSE_MILLIS);
        }
    }

    private static void rest(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw notReady();
        }
    }

    /**
     * Tells now and then that the try goes on. Never blocks.
     *
     * @param doomed called, perhaps on another thread, if it can't land the shard any more
     */
    void tellAlive(Runnable doomed) {
        ChangeReader.Announced its = announced;
        long now = System.nanoTime();
        if (its != null && now - toldAliveNanos > ALIVE.toNanos()) {
            toldAliveNanos = now;
            changes.orElseThrow().alive(its, table.name(), shard.id()).thenAccept(mayLand -> {
                if (!mayLand) {
                    doomed.run();
                }
            });
        }
    }

    Optional<Join> join() {
        return announced == null ? Optional.empty() : Optional.of(new Join(announced.epoch(), lsn));
    }

    void landed() {
        if (announced != null) {
            changes.orElseThrow().landed(announced, table.name(), shard.id());
        }
    }

    void foundLanded() {
        changes.ifPresent(reader -> reader.foundLanded(table.name(), shard.id()));
    }

    void gaveUp() {
        if (announced != null) {
            changes.orElseThrow().gaveUp(announced, table.name(), shard.id());
        }
    }

    void mistrust() {
        changes.ifPresent(reader -> reader.mistrust("a shard that had landed is not in the target"));
    }
}
