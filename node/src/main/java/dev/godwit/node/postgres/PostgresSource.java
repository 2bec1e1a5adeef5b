package dev.godwit.node.postgres;

import dev.godwit.node.schema.Dumpable;
import dev.godwit.node.schema.SchemaDump;
import dev.godwit.node.schema.SchemaObject;
import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.node.source.BundleReader;
import dev.godwit.node.source.ChangeSource;
import dev.godwit.node.source.HeldSnapshot;
import dev.godwit.node.source.KeySample;
import dev.godwit.node.source.RangeReader;
import dev.godwit.node.source.SessionWaits;
import dev.godwit.node.source.SourceDatabase;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A PostgreSQL source, version 12 or newer, as one node sees it. Reads and questions share a capped pool; every held
 * snapshot has a session of its own beside it. Nothing connects before the first call. Thread-safe.
 */
public final class PostgresSource implements SourceDatabase {
    private final PostgresConnections connections;
    private final KeySampler sampler;
    private final PostgresAddress address;
    private final ClientProgramSearch programs;

    /**
     * @param applicationName as {@code pg_stat_activity} shows it; starts with {@code godwit}
     * @param maxConnections sessions for reads and questions at once; 1 or more. Held snapshots come on top
     * @param programs where client programs are looked for
     * @throws GodwitException with a PLAN_ code where the address holds what is not allowed
     */
    public PostgresSource(
            PostgresAddress address, String applicationName, int maxConnections, ClientProgramSearch programs) {
        this.address = address;
        this.programs = programs;
        this.connections = new PostgresConnections(address, Side.SOURCE, applicationName, maxConnections);
        this.sampler = new KeySampler();
    }

    /** As the other, with client programs from PATH and where packages put them. */
    public PostgresSource(PostgresAddress address, String applicationName, int maxConnections) {
        this(address, applicationName, maxConnections, ClientProgramSearch.here());
    }

    @FunctionalInterface
    private interface Question<T> {
        T ask(Connection connection) throws SQLException;
    }

    @Override
    public String identity() {
        return ask(connections.place(), DatabaseIdentity::of);
    }

    @Override
    public List<Problem> check(Plan plan) {
        return new SourceCheck(connections).problems(plan);
    }

    @Override
    public List<TableSpec> tables(Plan plan) {
        return ask(connections.place(), connection -> new SourceCatalog(connection).tables(plan));
    }

    @Override
    public SchemaPlan schema(Plan plan) {
        return ask(connections.place(), connection -> SchemaReader.read(connection, plan));
    }

    @Override
    public Dumpable dumpable() {
        return ask(connections.place(), connection -> SchemaDumps.dumpable(connection, address));
    }

    @Override
    public SchemaDump dump(Plan plan, SchemaPlan schema, int targetMajor, int entriesAtOnce) {
        return ask(
                connections.place(),
                connection -> SchemaDumps.take(connection, programs, plan, schema, targetMajor, entriesAtOnce));
    }

    @Override
    public Map<TableName, SchemaObject> positions(Collection<TableName> sequences) {
        return ask(connections.place(), connection -> SchemaSequences.positions(connection, sequences));
    }

    @Override
    public List<KeySample> sample(TableSpec table, int wanted) {
        return ask(
                where(table.name()),
                connection -> sampler.table(connection, LargeObjects.sampled(connection, table), wanted));
    }

    @Override
    public List<KeySample> sample(TableSpec table, ShardRange.Keys within, int wanted) {
        return ask(
                where(table.name()),
                connection -> sampler.range(connection, LargeObjects.sampled(connection, table), within, wanted));
    }

    @Override
    public long blocks(TableName table) {
        return ask(where(table), connection -> SourceCatalog.blocks(connection, table));
    }

    @Override
    public RangeReader read(TableSpec table, ShardRange range, Optional<String> snapshot) {
        return CopyReader.start(connections, table, range, snapshot);
    }

    @Override
    public BundleReader readBundle(List<TableSpec> tables, Optional<String> snapshot) {
        return PostgresBundleReader.start(connections, tables, snapshot);
    }

    @Override
    public HeldSnapshot hold() {
        return ExportedSnapshot.hold(connections, Optional.empty());
    }

    @Override
    public HeldSnapshot hold(String exported) {
        return ExportedSnapshot.hold(connections, Optional.of(exported));
    }

    @Override
    public void flushLog() {
        try (Connection connection = connections.take()) {
            WalPosition.flush(connection);
        } catch (SQLException e) {
            throw PostgresErrors.translate(e, Side.SOURCE, connections.place());
        }
    }

    @Override
    public ChangeSource capture(Plan plan) {
        return new PostgresChangeSource(
                connections, CaptureNames.of(plan), plan.limits().heartbeatSeconds() > 0);
    }

    @Override
    public SessionWaits waits() {
        return ask(connections.place(), connection -> ActivityWaits.of(connection, Side.SOURCE));
    }

    @Override
    public void limit(int most) {
        connections.limit(most);
    }

    @Override
    public void close() {
        connections.close();
    }

    /** In a transaction of its own, which is rolled back when the session goes back. */
    private <T> T ask(String where, Question<T> question) {
        try (Connection connection = connections.take()) {
            T answer = question.ask(connection);
            connection.rollback();
            return answer;
        } catch (SQLException e) {
            throw PostgresErrors.translate(e, Side.SOURCE, where);
        }
    }

    private static String where(TableName table) {
        return Sql.printable(table.text());
    }
}
