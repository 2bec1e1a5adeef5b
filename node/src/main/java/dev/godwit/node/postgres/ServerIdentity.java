package dev.godwit.node.postgres;

import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.event.CaptureSlot;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Which server it is, and on which of its histories: a position in the log means something only there.
 *
 * @param timeline begins anew with each promotion of a standby and each restore to a point in time
 */
record ServerIdentity(String systemIdentifier, int timeline) {
    /** @param replicating a session for replication */
    static ServerIdentity of(Connection replicating) throws SQLException {
        try (Statement statement = replicating.createStatement();
                ResultSet row = statement.executeQuery("IDENTIFY_SYSTEM")) {
            row.next();
            return new ServerIdentity(row.getString(1), Integer.parseInt(row.getString(2)));
        }
    }

    /** @throws GodwitException with SOURCE_SLOT_LOST where the slot was made elsewhere */
    void expect(CaptureSlot slot, String where) {
        if (!systemIdentifier.equals(slot.systemIdentifier())) {
            throw ReplicationErrors.lost(
                    "The slot " + slot.name() + " was made on the server " + slot.systemIdentifier() + ", and this is "
                            + systemIdentifier + ".",
                    where);
        }
        if (timeline != slot.timeline()) {
            throw ReplicationErrors.lost(
                    "The slot " + slot.name() + " was made on timeline " + slot.timeline()
                            + ", and the source is on timeline " + timeline
                            + ": it was restored, or a standby has taken its place.",
                    where);
        }
    }
}
