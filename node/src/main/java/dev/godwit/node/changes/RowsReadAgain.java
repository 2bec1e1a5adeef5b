package dev.godwit.node.changes;

import dev.godwit.node.capture.ChangeJoin;
import dev.godwit.node.capture.Effect;
import dev.godwit.node.capture.JoinedShard;
import dev.godwit.node.source.ChangeSource;
import dev.godwit.node.source.ChangeSource.RowNow;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.TableName;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads rows of which the stream does not hold all values, each as a shard of one key with a snapshot of its own. */
final class RowsReadAgain {
    /** Commits that the stream has passed by become visible soon; one that waits for a synchronous standby may take longer. */
    private static final int TRIES = 400;

    private static final long PAUSE_MILLIS = 50;

    private RowsReadAgain() {}

    /**
     * The same effects, with rows in the place of the wish to read them. Where their table turns out to be altered, also with
     * what that leads to. Blocks.
     */
    static List<Effect> resolved(
            ChangeSource source, ChangeJoin join, Alterations alterations, long epoch, List<Effect> effects) {
        if (!hasWish(effects)) {
            return effects;
        }
        List<Effect> resolved = new ArrayList<>();
        for (Effect effect : effects) {
            if (!(effect instanceof Effect.ReadRow asked)) {
                resolved.add(effect);
            } else if (join.follows(asked.table().name())) {
                read(source, join, alterations, asked)
                        .forEach(its -> resolved.add(its instanceof Effect.KeyLanded key ? named(key, epoch) : its));
            }
        }
        return resolved;
    }

    private static boolean hasWish(List<Effect> effects) {
        for (Effect effect : effects) {
            if (effect instanceof Effect.ReadRow) {
                return true;
            }
        }
        return false;
    }

    /** A name that no other reader gives: each has an epoch of its own. */
    private static Effect named(Effect.KeyLanded key, long epoch) {
        JoinedShard its = key.shard();
        return new Effect.KeyLanded(new JoinedShard(
                its.table(), its.shard() + "." + epoch, its.range(), its.snapshot(), its.lsn(), its.caughtUp()));
    }

    private static List<Effect> read(
            ChangeSource source, ChangeJoin join, Alterations alterations, Effect.ReadRow asked) {
        TableName table = asked.table().name();
        List<Effect> all = new ArrayList<>();
        for (int i = 0; i < TRIES && join.follows(table); i++) {
            RowNow now;
            try {
                now = source.row(join.spec(table), asked.key());
            } catch (GodwitException e) {
                if (e.code() != ErrorCode.SOURCE_TABLE_CHANGED) {
                    throw e;
                }
                all.addAll(alterations.inStream(table, e.problem().what()));
                continue;
            }
            Optional<List<Effect>> effects = join.rowRead(
                    asked, now.values(), now.moment().snapshot(), now.moment().lsn());
            if (effects.isPresent()) {
                all.addAll(effects.get());
                return all;
            }
            rest();
        }
        if (!join.follows(table)) {
            return all;
        }
        throw ChangeSource.tooEarly(
                Duration.ofMillis(TRIES * PAUSE_MILLIS), asked.table().name().text());
    }

    private static void rest() {
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw ChangeRun.notReady();
        }
    }
}
