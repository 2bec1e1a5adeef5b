package dev.godwit.node.postgres;

import dev.godwit.protocol.check.Remark;
import dev.godwit.protocol.check.RemarkCode;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.TableSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * What may slow or break a migration at its source, and does not keep it from beginning. What keeps changes from being
 * captured is in {@link CaptureCheck}.
 */
final class SourceReadiness {
    private static final String FOR_EVER = "-1";

    private SourceReadiness() {}

    static List<Remark> remarks(ServerFacts source, String place, List<TableSpec> tables) {
        List<Remark> remarks = new ArrayList<>(SessionTimeouts.remarks(source, Side.SOURCE, place));
        standby(source, place, remarks);
        encoding(source, place, remarks);
        collations(source, place, tables, remarks);
        keys(place, tables, remarks);
        return remarks;
    }

    /** What concerns a plan whose changes are followed. */
    static List<Remark> online(String place, Plan plan, List<TableSpec> tables) {
        if (plan.consistency() != Consistency.ONLINE) {
            return List.of();
        }
        List<TableSpec> big = tables.stream()
                .filter(table -> table.method() == CutMethod.WHOLE
                        && table.estimatedBytes() > plan.limits().shardBytes())
                .toList();
        if (big.isEmpty()) {
            return List.of();
        }
        long most = big.stream().mapToLong(TableSpec::estimatedBytes).max().orElse(0);
        return List.of(new Remark(
                RemarkCode.ONLINE_TABLES_WHOLE,
                big.size() + " of " + tables.size() + " tables go as one shard each, the largest of "
                        + Amount.bytes(most) + ": "
                        + Amount.names(
                                big.stream().map(table -> table.name().text()).toList())
                        + ". Their keys can't be told in order outside of the source, or they have none. While one is"
                        + " read, its changes wait, and once there are many, all others with them; when the reader of"
                        + " changes moves to another node, it is read anew.",
                place,
                "Migrate them by a plan of their own at a quiet time, or give them a REPLICA IDENTITY by a unique"
                        + " index of numbers or uuid."));
    }

    private static void standby(ServerFacts source, String place, List<Remark> remarks) {
        String delay = source.now("max_standby_streaming_delay");
        if (source.standby() && !delay.equals(FOR_EVER)) {
            remarks.add(new Remark(
                    RemarkCode.SOURCE_STANDBY,
                    "The source is a standby. What it receives from its primary waits at most " + delay
                            + " for a reader (max_standby_streaming_delay), then the reader's query or snapshot is"
                            + " cancelled; hot_standby_feedback is " + source.now("hot_standby_feedback") + ".",
                    place,
                    "Until the copy is done, set max_standby_streaming_delay = -1 and hot_standby_feedback = on there,"
                            + " or name the primary."));
        }
    }

    private static void encoding(ServerFacts source, String place, List<Remark> remarks) {
        if (source.encoding().equals("SQL_ASCII")) {
            remarks.add(new Remark(
                    RemarkCode.SOURCE_ENCODING_UNCHECKED,
                    "The source's encoding is SQL_ASCII: it took text without looking at its bytes. A row whose text is"
                            + " not UTF-8 will be refused by the target, and its table pause.",
                    place,
                    "Look for such rows before, for example with convert_from(convert_to(column, 'SQL_ASCII'),"
                            + " 'UTF8')."));
        }
    }

    private static void collations(ServerFacts source, String place, List<TableSpec> tables, List<Remark> remarks) {
        if (source.changedCollations().isEmpty()) {
            return;
        }
        boolean readByKey = tables.stream().anyMatch(table -> table.method() == CutMethod.KEY);
        remarks.add(new Remark(
                RemarkCode.COLLATION_VERSION_CHANGED,
                "The source's server sorts by other rules than when these collations were made: "
                        + BothSides.changed(source) + ". Indexes on text may be out of order"
                        + (readByKey ? ", and rows be missed where a table is cut by such a key." : "."),
                place,
                "REINDEX what sorts by them and REFRESH VERSION"
                        + (readByKey ? "; or use consistency: snapshot, which reads blocks." : ".")));
    }

    private static void keys(String place, List<TableSpec> tables, List<Remark> remarks) {
        List<TableSpec> keyless =
                tables.stream().filter(table -> table.keyColumns().isEmpty()).toList();
        if (keyless.isEmpty()) {
            return;
        }
        long blocks = keyless.stream()
                .filter(table -> table.method() == CutMethod.BLOCK)
                .count();
        long whole = keyless.size() - blocks;
        List<String> names = keyless.stream().map(table -> table.name().text()).toList();
        remarks.add(new Remark(
                RemarkCode.TABLES_WITHOUT_KEY,
                keyless.size() + " of " + tables.size() + " tables have no key that could cut them: "
                        + Amount.names(names) + "."
                        + (whole > 0 ? " Copied whole, each by one worker: " + whole + "." : "")
                        + (blocks > 0
                                ? " Cut by block: " + blocks + "; these have to stay in the file that they are in (no"
                                        + " VACUUM FULL, CLUSTER or rewriting ALTER TABLE)."
                                : ""),
                place,
                ""));
    }
}
