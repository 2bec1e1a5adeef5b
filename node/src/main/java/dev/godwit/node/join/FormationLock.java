package dev.godwit.node.join;

import dev.godwit.node.config.StateStoreSettings;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;
import org.postgresql.Driver;

/**
 * The right to form a cluster: an advisory lock of a database session of its own. The server frees it when the session
 * ends, at the latest some 20 s after the network has lost the node. What is done by the right is done on that session,
 * so it fails where the right is lost.
 */
final class FormationLock implements AutoCloseable {
    private final Connection session;
    private final String place;

    private FormationLock(Connection session, String place) {
        this.session = session;
        this.place = place;
    }

    static Optional<FormationLock> tryTake(StateStoreSettings settings) throws SQLException {
        Connection session = new Driver().connect(settings.url(), settings.driverProperties("godwit-formation"));
        if (session == null) {
            throw new GodwitException(
                    ErrorCode.INTERNAL, "The driver does not know its own URL.", settings.place(), "");
        }
        boolean taken = false;
        try (PreparedStatement take = session.prepareStatement("SELECT pg_try_advisory_lock(?, hashtext(?))")) {
            take.setInt(1, StateStoreSchema.LOCK_CLASS);
            take.setString(2, settings.schema() + "/formation");
            try (ResultSet row = take.executeQuery()) {
                taken = row.next() && row.getBoolean(1);
            }
            return taken ? Optional.of(new FormationLock(session, settings.place())) : Optional.empty();
        } finally {
            if (!taken) {
                session.close();
            }
        }
    }

    /** Writes that a new cluster lives on this store; members of any other leave as soon as they read it. */
    UUID newIncarnation(String formedBy) {
        UUID incarnation = UUID.randomUUID();
        try (PreparedStatement write = session.prepareStatement("""
                INSERT INTO cluster (incarnation, formed_at, formed_by) VALUES (?, now(), ?)
                ON CONFLICT (single) DO UPDATE SET incarnation = EXCLUDED.incarnation,
                  formed_at = EXCLUDED.formed_at, formed_by = EXCLUDED.formed_by
                """)) {
            write.setObject(1, incarnation);
            write.setString(2, formedBy);
            write.executeUpdate();
            return incarnation;
        } catch (SQLException e) {
            throw StateStoreFailure.of(e, place);
        }
    }

    /** Gives the right back. */
    @Override
    public void close() {
        try {
            session.close();
        } catch (SQLException e) {
            throw StateStoreFailure.of(e, place);
        }
    }
}
