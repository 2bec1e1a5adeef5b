package dev.godwit.node.postgres;

import dev.godwit.node.source.HeldSnapshot;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;

/**
 * A dedicated session that holds a snapshot and exports it. A snapshot that was imported and exported again outlives
 * its first exporter.
 */
final class ExportedSnapshot implements HeldSnapshot {
    private static final int PING_SECONDS = 5;

    private final Connection session;
    private final String exported;
    private final String snapshot;

    private ExportedSnapshot(Connection session, String exported, String snapshot) {
        this.session = session;
        this.exported = exported;
        this.snapshot = snapshot;
    }

    /**
     * Holds the snapshot of that name, or a new one.
     *
     * @throws GodwitException with SNAPSHOT_LOST where nobody exports the name, or as {@link PostgresErrors} says
     */
    static ExportedSnapshot hold(PostgresConnections connections, Optional<String> imported) {
        Connection session = connections.open();
        try {
            SourceTransaction.begin(session, imported, ErrorCode.SNAPSHOT_LOST, connections.place());
            String exported;
            try (Statement statement = session.createStatement();
                    ResultSet row = statement.executeQuery("SELECT pg_export_snapshot()")) {
                row.next();
                exported = row.getString(1);
            }
            return new ExportedSnapshot(session, exported, SourceTransaction.snapshot(session));
        } catch (SQLException e) {
            end(session);
            throw PostgresErrors.translate(e, connections.side(), connections.place());
        } catch (RuntimeException e) {
            end(session);
            throw e;
        }
    }

    @Override
    public String exported() {
        return exported;
    }

    @Override
    public String snapshot() {
        return snapshot;
    }

    @Override
    public boolean alive() {
        try {
            return session.isValid(PING_SECONDS);
        } catch (SQLException e) {
            return false;
        }
    }

    @Override
    public void close() {
        end(session);
    }

    private static void end(Connection session) {
        try {
            session.close();
        } catch (SQLException e) {
            // It is gone already, and its snapshot with it.
        }
    }
}
