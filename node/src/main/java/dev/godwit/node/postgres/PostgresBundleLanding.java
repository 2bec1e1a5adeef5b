package dev.godwit.node.postgres;

import dev.godwit.node.postgres.BundleClaims.Written;
import dev.godwit.node.target.BundleLanding;
import dev.godwit.node.target.TargetDatabase.BundleOrder;
import dev.godwit.node.target.TargetDatabase.Claim;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * A bundle's transaction: the windows and claims of its tables are inserted, their rows follow, then keys and what else
 * belongs to the tables, and all of it is committed durably, so that nothing has to be confirmed later.
 */
final class PostgresBundleLanding implements BundleLanding {
    /** Between two calls the server never has more to do than this allows; beyond it the network is dead. */
    private static final Duration ANSWER = Duration.ofMinutes(5);

    private final Connection connection;
    private final LandingConnection session;
    private final BundleClaims claims;
    private final SchemaBuild build;
    private final String migration;
    private final String where;
    private final List<TableSpec> claimed;
    private final Map<TableName, Claim> there;
    private final List<TableName> apart;
    private final List<Written> written = new ArrayList<>();
    private TableSpec table;
    private CopyIn copy;

    private PostgresBundleLanding(
            PostgresConnections connections, Connection connection, BundleOrder order, SchemaBuild build, String where)
            throws SQLException {
        this.connection = connection;
        this.session = new LandingConnection(connections, connection, where);
        this.build = build;
        this.migration = order.migration();
        this.where = where;
        this.claims = new BundleClaims(connection, order);
        claims.keepWindows();
        Set<TableName> otherwise = claims.cutOtherwise();
        List<TableName> wanted = order.tables().stream()
                .map(TableSpec::name)
                .filter(name -> !otherwise.contains(name))
                .toList();
        Set<TableName> ours = claims.claim(wanted, claims.holder(), PostgresLandings.COPY_LOCK_WAIT);
        Map<TableName, Claim> theirs = new HashMap<>(claims.claims(
                wanted.stream().filter(name -> !ours.contains(name)).toList()));
        wanted.stream()
                .filter(name -> !ours.contains(name))
                .filter(name -> !theirs.containsKey(name) || theirs.get(name).retired())
                .forEach(otherwise::add);
        theirs.keySet().removeAll(otherwise);
        this.claimed = order.tables().stream()
                .filter(spec -> ours.contains(spec.name()))
                .toList();
        this.there = Map.copyOf(theirs);
        this.apart =
                otherwise.stream().sorted(Comparator.comparing(TableName::text)).toList();
    }

    static PostgresBundleLanding open(PostgresConnections connections, BundleOrder order, SchemaBuild build) {
        String where = order.migration() + ", " + order.tables().size() + " small tables from "
                + Sql.printable(order.tables().get(0).name().text());
        Connection connection = connections.take();
        try {
            TargetSessions.limit(connection, ANSWER);
            TargetSessions.begin(
                    connection,
                    TargetSessions.SOON_OVER + "SET LOCAL synchronous_commit = on;SET LOCAL lock_timeout = '"
                            + PostgresLandings.CLAIM_WAIT + "'");
            return new PostgresBundleLanding(connections, connection, order, build, where);
        } catch (SQLException e) {
            connections.discard(connection);
            if (PostgresLandings.LOCK_NOT_AVAILABLE.equals(e.getSQLState())) {
                throw new GodwitException(
                        ErrorCode.TIMED_OUT, "Somebody else is landing one of these tables.", where, "");
            }
            throw PostgresErrors.translate(e, Side.TARGET, where);
        } catch (RuntimeException e) {
            connections.discard(connection);
            throw e;
        }
    }

    @Override
    public List<TableSpec> claimed() {
        return claimed;
    }

    @Override
    public Map<TableName, Claim> there() {
        return there;
    }

    @Override
    public List<TableName> apart() {
        return apart;
    }

    @Override
    public void begin(TableSpec next) {
        session.requireOpen();
        table = next;
        try {
            copy = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(PostgresLandings.copyStatement(next));
        } catch (SQLException e) {
            throw refused(e);
        }
    }

    @Override
    public void write(byte[] bytes) {
        session.requireOpen();
        try {
            copy.writeToCopy(bytes, 0, bytes.length);
        } catch (SQLException e) {
            throw refused(e);
        }
    }

    @Override
    public void end(long rows, long bytes, String digest) {
        session.requireOpen();
        try {
            PostgresLanding.requireAsMany(rows, copy.endCopy(), place());
            copy = null;
        } catch (SQLException e) {
            throw refused(e);
        }
        written.add(new Written(table.name().text(), rows, bytes, digest));
    }

    @Override
    public void finish() {
        requireWritten();
        try {
            TargetSessions.limit(connection, TargetSessions.UNBOUNDED);
            build.afterRows(connection, migration, List.copyOf(done()));
            TargetSessions.limit(connection, ANSWER);
        } catch (SQLException e) {
            throw refused(e);
        } catch (GodwitException e) {
            throw session.isCancelled() ? session.gone() : e;
        }
    }

    private void requireWritten() {
        session.requireOpen();
        if (written.size() != claimed.size()) {
            throw new IllegalStateException("a claimed table was not written");
        }
        table = null;
    }

    private Set<TableName> done() {
        Set<TableName> done = new HashSet<>(there.keySet());
        claimed.forEach(spec -> done.add(spec.name()));
        return done;
    }

    @Override
    public void commit() {
        requireWritten();
        try {
            if (claims.complete(written) != written.size()) {
                throw ClaimTables.ownClaimIsGone(where);
            }
            ClaimTables.confirm(connection, migration, done());
            session.requireOpen();
            session.end();
            connection.commit();
        } catch (SQLException e) {
            if (session.isEnded()) {
                session.discard();
            }
            throw refused(e);
        }
        session.giveBack();
    }

    @Override
    public void cancel() {
        session.cancel();
    }

    /** One that was not committed is not worth a polite end: the server rolls back when the socket closes. */
    @Override
    public void close() {
        if (!session.isEnded()) {
            session.end();
            session.discard();
        }
    }

    private String place() {
        return table == null
                ? where
                : migration + ", " + Sql.printable(table.name().text());
    }

    private GodwitException refused(SQLException e) {
        if (session.isCancelled()) {
            return session.gone();
        }
        return table == null
                ? PostgresErrors.translate(e, Side.TARGET, place())
                : CopyErrors.translate(e, table, place());
    }
}
