package dev.godwit.node.postgres;

import dev.godwit.node.source.Alteration;
import dev.godwit.node.source.ChangeSource;
import dev.godwit.node.source.ChangeStream;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.event.CaptureSlot;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Change capture by a publication and a slot of pgoutput. Needs PostgreSQL 13 or newer, and not a standby. */
final class PostgresChangeSource implements ChangeSource {
    /** How long the server may wait for transactions while it makes the slot, and we afterwards. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final PostgresConnections connections;
    private final CaptureNames names;
    private final boolean beats;
    private final Duration patience;

    /** @param beats whether {@link #beat} may be called while the slot is read */
    PostgresChangeSource(PostgresConnections connections, CaptureNames names, boolean beats) {
        this(connections, names, beats, PATIENCE);
    }

    PostgresChangeSource(PostgresConnections connections, CaptureNames names, boolean beats, Duration patience) {
        this.connections = connections;
        this.names = names;
        this.beats = beats;
        this.patience = patience;
    }

    @FunctionalInterface
    private interface Work<T> {
        T run(Connection session) throws SQLException;
    }

    @Override
    public CaptureSlot prepare(List<TableSpec> tables, Optional<CaptureSlot> known) {
        ServerIdentity server = here();
        List<TableName> wanted = tables.stream().map(TableSpec::name).toList();
        return working(session -> {
            Publication publication = new Publication(session, names.publication());
            ReplicationSlot slot = new ReplicationSlot(session, names.slot(), connections.place());
            if (known.isPresent()) {
                server.expect(known.get(), connections.place());
            } else if (slot.state().isEmpty()) {
                publication.make(wanted); // before the slot: it looks for it as of each change
                slot.create(patience);
            }
            boolean active = slot.usable().health().active();
            if (known.isEmpty() && active) {
                throw new GodwitException(
                        ErrorCode.SOURCE_SLOT_BUSY,
                        "The replication slot " + names.slot() + " is still being made, or somebody reads it.",
                        connections.place(),
                        "Wait until the session that has it has ended.");
            }
            if (!publication.isExactly(wanted)) {
                throw ReplicationErrors.lost(
                        "The publication " + names.publication() + " " + publication.difference(wanted)
                                + ", and the slot " + names.slot() + " is there already: changes may be missing.",
                        connections.place());
            }
            if (known.isEmpty()) {
                // Its commit may be in the log before the slot's first position, and not be visible yet: a snapshot
                // that
                // misses it would miss it for ever. Also where an earlier call has made the slot and ended before this.
                BusyTransactions.await(session, patience, connections.place());
            }
            return known.orElseGet(() ->
                    new CaptureSlot(names.slot(), names.publication(), server.systemIdentifier(), server.timeline()));
        });
    }

    private ServerIdentity here() {
        try (Connection replicating = connections.replicating(patience)) {
            return ServerIdentity.of(replicating);
        } catch (SQLException e) {
            throw ReplicationErrors.translate(e, connections.place());
        }
    }

    @Override
    public ChangeStream open(CaptureSlot slot) {
        return PostgresChangeStream.open(connections, slot, beats);
    }

    @Override
    public void beat() {
        asking(session -> {
            try (Statement statement = session.createStatement()) {
                statement.execute("SET LOCAL synchronous_commit = local"); // it waits for no standby
                statement.execute("SELECT pg_logical_emit_message(true, 'godwit', '')");
            }
            session.commit();
            return null;
        });
    }

    @Override
    public Moment moment() {
        return asking(PostgresChangeSource::momentOf);
    }

    private static Moment momentOf(Connection session) throws SQLException {
        // Two statements: the position must be one of after the snapshot.
        String snapshot = SourceTransaction.snapshot(session);
        return new Moment(snapshot, WalPosition.inserted(session));
    }

    @Override
    public Optional<SlotHealth> health() {
        return asking(session -> new ReplicationSlot(session, names.slot(), connections.place())
                .state()
                .filter(ReplicationSlot.State::ours)
                .map(ReplicationSlot.State::health));
    }

    @Override
    public Optional<TableName> nameOf(long oid) {
        return asking(session -> new AlteredTables(session, names.publication()).nameOf(oid));
    }

    @Override
    public Map<TableName, Alteration> altered(List<TableSpec> known) {
        return asking(session -> new AlteredTables(session, names.publication()).among(known));
    }

    @Override
    public RowNow row(TableSpec table, List<String> key) {
        RowNow row = asking(session -> {
            SourceTransaction.begin(session, Optional.empty(), ErrorCode.SNAPSHOT_NOT_READY, connections.place());
            try (Statement statement = session.createStatement()) {
                statement.execute(SourceTransaction.LOCK_PATIENCE);
                // Before the snapshot: a TRUNCATE that it did not see would empty the table under it.
                statement.execute("LOCK TABLE ONLY " + Sql.table(table.name()) + " IN ACCESS SHARE MODE");
                if (!AlteredTables.columns(session, table.name()).equals(table.columns())) {
                    throw new GodwitException(
                            ErrorCode.SOURCE_TABLE_CHANGED,
                            "The table has other columns at the source than are known.",
                            Sql.printable(table.name().text()),
                            "");
                }
                List<String> values;
                try (ResultSet rows = statement.executeQuery(query(table, key))) {
                    values = rows.next() ? texts(rows, table.columns().size()) : null;
                }
                return new RowNow(Optional.ofNullable(values), momentOf(session));
            }
        });
        // What it has seen must outlast a crash of the source.
        asking(session -> {
            WalPosition.flush(session);
            return null;
        });
        return row;
    }

    /** Without prepared statements the driver takes values as the server prints them, which is what COPY prints. */
    private static String query(TableSpec table, List<String> key) {
        return "SELECT "
                + Sql.idents(table.columns().stream().map(ColumnSpec::name).toList())
                + " FROM ONLY "
                + Sql.table(table.name())
                + " WHERE "
                + Sql.hasKey(table, key);
    }

    private static List<String> texts(ResultSet row, int columns) throws SQLException {
        List<String> texts = new ArrayList<>(columns);
        for (int i = 1; i <= columns; i++) {
            texts.add(row.getString(i));
        }
        return texts;
    }

    @Override
    public void drop() {
        working(session -> {
            new ReplicationSlot(session, names.slot(), connections.place()).drop();
            new Publication(session, names.publication()).drop();
            return null;
        });
    }

    /** In a session of its own with autocommit: slots are not made in transactions. */
    private <T> T working(Work<T> work) {
        try (Connection session = connections.open()) {
            session.setAutoCommit(true);
            try (Statement statement = session.createStatement()) {
                // The publication has to be durable before the slot is; no standby need have it.
                statement.execute("SET synchronous_commit = local");
                statement.execute("SET lock_timeout = " + patience.toMillis());
            }
            return work.run(session);
        } catch (SQLException e) {
            throw ReplicationErrors.translate(e, connections.place());
        }
    }

    /** In a transaction of a session of the pool. */
    private <T> T asking(Work<T> work) {
        try (Connection session = connections.take()) {
            T answer = work.run(session);
            session.rollback();
            return answer;
        } catch (SQLException e) {
            throw PostgresErrors.translate(e, Side.SOURCE, connections.place());
        }
    }
}
