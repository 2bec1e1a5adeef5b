package dev.godwit.node.postgres;

import dev.godwit.node.postgres.ReplicaIdentities.Identity;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.TableName;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Looks for everything that would keep a source's changes from being captured. */
final class CaptureCheck {
    /** {@code pg_current_snapshot} is of 13, and so is that a slot tells when it is lost. */
    private static final int OLDEST_VERSION = 13;

    private static final Duration SILENCE = Duration.ofSeconds(30);

    private static final String SERVER = """
            SELECT pg_is_in_recovery(), current_setting('wal_level'),
              current_setting('max_replication_slots')::bigint - (SELECT count(*) FROM pg_replication_slots),
              EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = ?),
              current_setting('max_wal_senders')::bigint - (SELECT count(*) FROM pg_stat_replication),
              has_database_privilege(current_database(), 'CREATE')""";

    private static final String TABLES = """
            SELECT oid, relpersistence = 'u', pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = ANY (?)""";

    private final PostgresConnections connections;
    private final Plan plan;
    private final List<Problem> problems;

    /** @param problems where they are told */
    CaptureCheck(PostgresConnections connections, Plan plan, List<Problem> problems) {
        this.connections = connections;
        this.plan = plan;
        this.problems = problems;
    }

    /** @param relations those that the plan means */
    void look(Connection connection, List<SourceRelation> relations) throws SQLException {
        int version = connection.getMetaData().getDatabaseMajorVersion();
        if (version < OLDEST_VERSION) {
            add(
                    ErrorCode.SOURCE_VERSION,
                    "The source is PostgreSQL " + version + ", whose changes this version does not capture.",
                    "Godwit captures changes of PostgreSQL " + OLDEST_VERSION + " and newer; use another consistency.");
            return;
        }
        List<SourceRelation> tables =
                relations.stream().filter(SourceRelation::isTable).toList();
        boolean mayCreate = server(connection);
        tables(connection, tables, mayCreate);
        if (LargeObjects.spec(connection, plan).isPresent()) {
            problems.add(new Problem(
                    ErrorCode.PLAN_NOT_SUPPORTED,
                    "The plan includes large objects, and PostgreSQL does not tell of their changes.",
                    "largeObjects",
                    "Say largeObjects: false, or use another consistency."));
        }
    }

    private void add(ErrorCode code, String what, String fix) {
        problems.add(new Problem(code, what, connections.place(), fix));
    }

    /** Whether the user may make publications. */
    private boolean server(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(SERVER)) {
            statement.setString(1, CaptureNames.of(plan).slot());
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                if (row.getBoolean(1)) {
                    add(
                            ErrorCode.PLAN_NOT_SUPPORTED,
                            "The source is a standby: the publication that tells of changes can be made only at its"
                                    + " primary.",
                            "Name the primary, or use another consistency.");
                }
                if (!row.getString(2).equals("logical")) {
                    add(
                            ErrorCode.SOURCE_WAL_LEVEL,
                            "The source's wal_level is " + row.getString(2) + ": its log does not hold what changes.",
                            "Set wal_level = logical at the source and restart it, or use another consistency.");
                }
                if (row.getLong(3) <= 0 && !row.getBoolean(4)) {
                    add(
                            ErrorCode.SOURCE_SLOTS,
                            "The source has no free replication slot.",
                            "Raise max_replication_slots, or drop a slot that nobody needs.");
                }
                if (row.getLong(5) <= 0) {
                    add(
                            ErrorCode.SOURCE_SLOTS,
                            "The source has no free sender for replication.",
                            "Raise max_wal_senders, or end a session that replicates.");
                } else {
                    replicating();
                }
                return row.getBoolean(6);
            }
        }
    }

    /** Whether the role, the server's pg_hba.conf and a provider of the cloud let us is best found out by doing it. */
    private void replicating() {
        try (Connection replicating = connections.replicating(SILENCE)) {
            ServerIdentity.of(replicating);
        } catch (SQLException e) {
            problems.add(ReplicationErrors.translate(e, connections.place()).problem());
        } catch (GodwitException e) {
            problems.add(e.problem());
        }
    }

    private void tables(Connection connection, List<SourceRelation> tables, boolean mayCreate) throws SQLException {
        Array oids = connection.createArrayOf(
                "oid", tables.stream().map(SourceRelation::oid).toArray());
        Map<Long, Identity> identities = ReplicaIdentities.of(connection, oids);
        Set<Long> unlogged = new HashSet<>();
        Map<Long, Boolean> owned = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(TABLES)) {
            statement.setArray(1, oids);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    if (row.getBoolean(2)) {
                        unlogged.add(row.getLong(1));
                    }
                    owned.put(row.getLong(1), row.getBoolean(3));
                }
            }
        }
        List<TableName> names = new ArrayList<>();
        List<String> ofOthers = new ArrayList<>();
        for (SourceRelation table : tables) {
            names.add(table.name());
            if (unlogged.contains(table.oid())) {
                unlogged(table.name());
            } else if (identities.containsKey(table.oid())) {
                identity(table.name(), identities.get(table.oid()));
            }
            if (Boolean.FALSE.equals(owned.get(table.oid()))) {
                ofOthers.add(table.name().text());
            }
        }
        // Where somebody with more rights has made it, ours need not suffice.
        if (!new Publication(connection, CaptureNames.of(plan).publication()).isExactly(names)) {
            publication(connection, mayCreate, ofOthers);
        }
    }

    private void unlogged(TableName table) {
        String name = Sql.printable(table.text());
        problems.add(new Problem(
                ErrorCode.PLAN_NOT_SUPPORTED,
                "The plan includes " + name + ", which is unlogged: its changes are in no log.",
                name,
                "Exclude it, or let it be SET LOGGED, or use another consistency."));
    }

    private void identity(TableName table, Identity identity) {
        if (identity.isUsable()) {
            return;
        }
        String name = Sql.printable(table.text());
        String why = switch (identity.kind()) {
            case 'd' ->
                "no primary key that could tell which row was changed (a deferrable one, or one of generated"
                        + " columns, does not)";
            case 'i' -> "an index for its replica identity that is gone or has generated columns";
            default -> "the replica identity NOTHING";
        };
        problems.add(new Problem(
                ErrorCode.SOURCE_REPLICA_IDENTITY,
                "The table " + name + " has " + why
                        + ": once its changes are published, the source would refuse its updates and deletes.",
                name,
                "Give it a primary key, or ALTER TABLE … REPLICA IDENTITY FULL or USING INDEX, or exclude it."));
    }

    private void publication(Connection connection, boolean mayCreate, List<String> ofOthers) throws SQLException {
        String user = connection.getMetaData().getUserName();
        if (!mayCreate) {
            add(
                    ErrorCode.SOURCE_PRIVILEGE_MISSING,
                    "The role " + user + " may not make a publication in the database.",
                    "Grant it CREATE on the database.");
        }
        if (!ofOthers.isEmpty()) {
            add(
                    ErrorCode.SOURCE_PRIVILEGE_MISSING,
                    "The role " + user + " can't publish changes of tables that it does not own: "
                            + Amount.names(ofOthers) + ".",
                    "Grant it the roles that own them, or let a superuser make the publication "
                            + CaptureNames.of(plan).publication() + " of exactly the plan's tables.");
        }
    }
}
