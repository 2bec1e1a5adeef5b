package dev.godwit.node.postgres;

import dev.godwit.protocol.check.Remark;
import dev.godwit.protocol.check.RemarkCode;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** What may slow or break a migration at its target, and does not keep it from beginning. */
final class TargetReadiness {
    /** Fewer checkpoints than this that the amount of WAL forces do not matter. */
    private static final long CHECKPOINTS_WORTH_TELLING = 8;

    private final ServerFacts target;
    private final String place;
    private final List<Remark> remarks = new ArrayList<>();

    private TargetReadiness(ServerFacts target, String place) {
        this.target = target;
        this.place = place;
    }

    /** @param bytes of all tables with their indexes, about; 0 if that is not known */
    static List<Remark> remarks(
            Connection connection, ServerFacts target, String place, Plan plan, List<TableSpec> tables, long bytes)
            throws SQLException {
        TargetReadiness readiness = new TargetReadiness(target, place);
        readiness.remarks.addAll(SessionTimeouts.remarks(target, Side.TARGET, place));
        readiness.crashes();
        readiness.collations();
        readiness.standbys(connection);
        readiness.locks(connection, plan, tables);
        readiness.wal(connection, bytes);
        return readiness.remarks;
    }

    /** Bytes of WAL that the target keeps beside the tables. */
    static long walBytes(Connection connection) throws SQLException {
        return number(connection, "SELECT pg_size_bytes(current_setting('max_wal_size'))");
    }

    private void add(RemarkCode code, String what, String fix) {
        remarks.add(new Remark(code, what, place, fix));
    }

    private void crashes() {
        List<String> off = new ArrayList<>();
        for (String name : List.of("fsync", "full_page_writes")) {
            if (target.now(name).equals("off")) {
                off.add(name);
            }
        }
        if (!off.isEmpty()) {
            add(
                    RemarkCode.TARGET_NOT_CRASH_SAFE,
                    "The target runs with " + String.join(" and ", off)
                            + " off: a crash of its machine may damage rows and claims, and nothing would tell.",
                    "Turn it on, or begin anew with an empty target after such a crash.");
        }
    }

    private void collations() {
        if (!target.changedCollations().isEmpty()) {
            add(
                    RemarkCode.COLLATION_VERSION_CHANGED,
                    "The target's server sorts by other rules than when these collations were made: "
                            + BothSides.changed(target) + ". Indexes on text that are there already may be out of"
                            + " order.",
                    "REINDEX what sorts by them and REFRESH VERSION.");
        }
    }

    /** Copies do not wait for standbys; the few commits that have to last do. */
    private void standbys(Connection connection) throws SQLException {
        String names = target.now("synchronous_standby_names");
        if (names.isEmpty()) {
            return;
        }
        long attached = number(connection, "SELECT count(*) FROM pg_stat_replication");
        if (attached == 0) {
            add(
                    RemarkCode.TARGET_STANDBY_ABSENT,
                    "The target's commits wait for standbys (synchronous_standby_names is set), and none is attached:"
                            + " what has to last, such as a window of shards, would hang.",
                    "Attach the standby, or empty synchronous_standby_names until the copy is done.");
        } else {
            add(
                    RemarkCode.TARGET_STANDBY_AWAITED,
                    "The target's commits wait for standbys (synchronous_standby_names is set; " + attached
                            + " attached). Rows are committed without waiting; windows, and the flush at a table's"
                            + " end, wait.",
                    "");
        }
    }

    /** A table that is partitioned in the target takes a lock for each partition that rows come to, and its indexes. */
    private void locks(Connection connection, Plan plan, List<TableSpec> tables) throws SQLException {
        String sql = """
                SELECT n.nspname || '.' || c.relname, (SELECT count(*) + count(DISTINCT t.relid)
                  FROM pg_partition_tree(c.oid) t LEFT JOIN pg_index i ON i.indrelid = t.relid)
                FROM unnest(?::text[], ?::text[]) w(schema, name)
                JOIN pg_namespace n ON n.nspname = w.schema
                JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind = 'p'
                ORDER BY 2 DESC LIMIT 1""";
        long room = target.number("max_locks_per_transaction")
                * (target.number("max_connections") + target.number("max_prepared_transactions"));
        List<TableName> names = tables.stream().map(TableSpec::name).toList();
        CatalogRows.named(connection, sql, names, row -> {
            long wanted = row.getLong(2) * plan.limits().targetConnections();
            if (wanted > room / 2) {
                add(
                        RemarkCode.TARGET_LOCKS_FEW,
                        "Shards of " + Sql.printable(row.getString(1)) + ", which is partitioned in the"
                                + " target, may take " + wanted
                                + " locks together, and the server has room for "
                                + room + " (max_locks_per_transaction).",
                        "Raise max_locks_per_transaction, or lower limits.targetConnections.");
            }
        });
    }

    private void wal(Connection connection, long bytes) throws SQLException {
        List<String> found = new ArrayList<>();
        long most = walBytes(connection);
        if (bytes / Math.max(1, most) >= CHECKPOINTS_WORTH_TELLING) {
            found.add("max_wal_size is " + Amount.bytes(most) + ": about " + bytes / most * 2
                    + " checkpoints are forced by it, each with full pages after it.");
        }
        if (!target.now("archive_mode").equals("off")) {
            found.add("It is archived too (archive_mode).");
        }
        if (!found.isEmpty()) {
            add(
                    RemarkCode.TARGET_WAL,
                    "The copy writes about " + Amount.bytes(bytes) + " of WAL in the target. "
                            + String.join(" ", found),
                    "Raise max_wal_size until the copy is done, where the disk has the room.");
        }
    }

    private static long number(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }
}
