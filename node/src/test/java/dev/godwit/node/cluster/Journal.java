package dev.godwit.node.cluster;

import dev.godwit.node.boot.StoredSerializer;
import dev.godwit.protocol.event.MigrationEvent;
import dev.godwit.protocol.event.TableEvent;
import java.io.NotSerializableException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the entities of a cluster have decided, read from the journal itself. */
public final class Journal {
    private final Database stateStore;

    public Journal(Database stateStore) {
        this.stateStore = stateStore;
    }

    public List<MigrationEvent> migration(String name) {
        List<MigrationEvent> events = new ArrayList<>();
        read("Migration|" + name, false).values().forEach(all -> all.forEach(one -> events.add((MigrationEvent) one)));
        return events;
    }

    /**
     * What became of the shards of one table. Complete only for tables of less than 500 events: older ones are deleted
     * when the coordinator saves its state.
     */
    public ShardHistory shards(String migration, String table) {
        for (List<Object> events :
                read("ShardCoordinator|" + migration + "/", true).values()) {
            List<TableEvent> ofTable =
                    events.stream().map(TableEvent.class::cast).toList();
            if (ofTable.get(0) instanceof TableEvent.TableOpened opened) {
                if (opened.table().name().text().equals(table)) {
                    return new ShardHistory(ofTable);
                }
            } else {
                throw new AssertionError("the table's first events are deleted: take fewer shards");
            }
        }
        return new ShardHistory(List.of());
    }

    /** Events by persistence id. */
    private Map<String, List<Object>> read(String id, boolean prefix) {
        String sql = "SELECT persistence_id, event_ser_manifest, event_payload FROM godwit.event_journal WHERE "
                + (prefix ? "starts_with(persistence_id, ?)" : "persistence_id = ?")
                + " ORDER BY persistence_id, sequence_number";
        StoredSerializer serializer = new StoredSerializer();
        Map<String, List<Object>> events = new TreeMap<>();
        try (Connection connection = stateStore.connect();
                PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, id);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    events.computeIfAbsent(row.getString(1), key -> new ArrayList<>())
                            .add(serializer.fromBinary(row.getBytes(3), row.getString(2)));
                }
            }
            return events;
        } catch (SQLException | NotSerializableException e) {
            throw new IllegalStateException(e);
        }
    }
}
