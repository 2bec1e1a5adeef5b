package dev.godwit.node.capture;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** A source that keeps a log: transactions commit in it, and become visible a while later. */
final class ModelSource {
    static final Relation.Column ID = new Relation.Column("id", true, 23, -1);

    private static final long LOG_BEGIN = 50;
    private static final long TRANSACTION_BYTES = 100;

    private final ModelScript script;
    private final Relation relation;
    private final boolean[] visible;
    private final boolean[][] conflicts;
    private final List<List<StreamMessage>> messages;
    private int committed;
    private String snapshot;

    ModelSource(ModelScript script) {
        this.script = script;
        boolean full = script.identity() == Relation.Identity.FULL;
        this.relation = new Relation(
                4711,
                ModelTarget.TABLE,
                script.identity(),
                List.of(ID, new Relation.Column("value", full, 25, -1), new Relation.Column("big", full, 25, -1)));
        int count = script.transactions().size();
        this.messages = new ArrayList<>();
        this.visible = new boolean[count];
        this.conflicts = new boolean[count][count];
        Map<Integer, ModelScript.Row> now = new HashMap<>(script.rows());
        for (int i = 0; i < count; i++) {
            messages.add(messages(i, now));
            for (int j = 0; j < i; j++) {
                conflicts[j][i] = script.conflict(j, i);
            }
        }
    }

    /** The same source at its beginning. */
    ModelSource(ModelSource same) {
        this.script = same.script;
        this.relation = same.relation;
        this.visible = new boolean[same.visible.length];
        this.conflicts = same.conflicts;
        this.messages = same.messages;
    }

    private List<StreamMessage> messages(int transaction, Map<Integer, ModelScript.Row> now) {
        List<StreamMessage> sent = new ArrayList<>();
        sent.add(new StreamMessage.Begin(xid(transaction) & 0xFFFF_FFFFL, commitLsn(transaction), 0));
        for (ModelScript.Op op : script.transactions().get(transaction)) {
            sent.add(message(op, now));
            op.apply(now);
        }
        sent.add(new StreamMessage.Commit(commitLsn(transaction), endLsn(transaction)));
        return sent;
    }

    private StreamMessage message(ModelScript.Op op, Map<Integer, ModelScript.Row> now) {
        if (op instanceof ModelScript.Insert insert) {
            return new StreamMessage.Insert(relation, tuple(insert.key(), insert.row()));
        } else if (op instanceof ModelScript.Delete delete) {
            return new StreamMessage.Delete(relation, old(delete.key(), now));
        } else if (op instanceof ModelScript.Update update) {
            Tuple.Builder row =
                    new Tuple.Builder(3).text(bytes("" + update.toKey())).text(bytes(update.value()));
            boolean sendsOld = update.key() != update.toKey() || script.identity() == Relation.Identity.FULL;
            return new StreamMessage.Update(
                    relation,
                    sendsOld ? old(update.key(), now) : null,
                    (update.big() == null ? row.unchanged() : row.text(bytes(update.big()))).build());
        }
        return new StreamMessage.Truncate(List.of(relation), false);
    }

    private Tuple old(int key, Map<Integer, ModelScript.Row> now) {
        return script.identity() == Relation.Identity.FULL
                ? tuple(key, now.get(key))
                : new Tuple.Builder(3).text(bytes("" + key)).isNull().isNull().build();
    }

    private static Tuple tuple(int key, ModelScript.Row row) {
        return new Tuple.Builder(3)
                .text(bytes("" + key))
                .text(bytes(row.value()))
                .text(bytes(row.big()))
                .build();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }

    /** Ids are given out in another order than that of the commits. */
    private long xid(int transaction) {
        return script.firstXid() + (transaction ^ 1);
    }

    private static long commitLsn(int transaction) {
        return LOG_BEGIN + TRANSACTION_BYTES * transaction + 60;
    }

    private static long endLsn(int transaction) {
        return LOG_BEGIN + TRANSACTION_BYTES * (transaction + 1);
    }

    long insertLsn() {
        return LOG_BEGIN + TRANSACTION_BYTES * committed;
    }

    long firstXid() {
        return script.firstXid();
    }

    int committed() {
        return committed;
    }

    boolean isVisible(int transaction) {
        return visible[transaction];
    }

    boolean mayCommit() {
        if (committed == visible.length) {
            return false;
        }
        for (int i = 0; i < committed; i++) {
            if (!visible[i] && conflicts[i][committed]) {
                return false;
            }
        }
        return true;
    }

    void commit() {
        committed++;
    }

    void show(int transaction) {
        visible[transaction] = true;
        snapshot = null;
    }

    boolean sees(Set<Long> xids) {
        for (long xid : xids) {
            int transaction = (int) (xid - script.firstXid()) ^ 1;
            if (!visible[transaction]) {
                return false;
            }
        }
        return true;
    }

    boolean isQuiet() {
        for (boolean is : visible) {
            if (!is) {
                return false;
            }
        }
        return true;
    }

    String snapshot() {
        if (snapshot == null) {
            snapshot = snapshotNow();
        }
        return snapshot;
    }

    private String snapshotNow() {
        StringBuilder running = new StringBuilder();
        // Ids are swapped in pairs: the last one may have no other half.
        for (int i = 0; i <= visible.length; i++) {
            int transaction = i ^ 1;
            if (transaction >= visible.length || !visible[transaction]) {
                running.append(running.isEmpty() ? "" : ",").append(script.firstXid() + i);
            }
        }
        return script.firstXid() + ":" + (script.firstXid() + visible.length + 1) + ":" + running;
    }

    TreeMap<Integer, ModelScript.Row> rows() {
        TreeMap<Integer, ModelScript.Row> rows = new TreeMap<>(script.rows());
        for (int i = 0; i < committed; i++) {
            if (visible[i]) {
                script.transactions().get(i).forEach(op -> op.apply(rows));
            }
        }
        return rows;
    }

    /** The messages of the first transaction that the slot sends, and so on. */
    int firstSent(long confirmedLsn) {
        int first = 0;
        while (first < visible.length && commitLsn(first) < confirmedLsn) {
            first++;
        }
        return first;
    }

    List<StreamMessage> messages(int transaction) {
        return messages.get(transaction);
    }

    String state() {
        StringBuilder state = new StringBuilder().append(committed).append(' ');
        for (boolean is : visible) {
            state.append(is ? '+' : '-');
        }
        return state.toString();
    }
}
