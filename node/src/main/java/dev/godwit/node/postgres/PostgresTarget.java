package dev.godwit.node.postgres;

import dev.godwit.node.schema.Dumpable;
import dev.godwit.node.schema.SchemaObject;
import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.node.source.SchemaSource;
import dev.godwit.node.source.SessionWaits;
import dev.godwit.node.target.BundleLanding;
import dev.godwit.node.target.ChangeTarget;
import dev.godwit.node.target.SessionBudget;
import dev.godwit.node.target.TargetDatabase;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.Shard;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import dev.godwit.protocol.table.Window;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * A PostgreSQL database as a target, version 12 and newer. What landed is known by the claims in its schema
 * {@code godwit} alone: a claim is inserted before its shard's rows and committed with them.
 */
public final class PostgresTarget implements TargetDatabase {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final PostgresConnections connections;
    private final TargetSessions sessions;
    private final PostgresLandings landings;
    private final TargetSchema schema;
    private final String place;
    private final Builds builds;
    private final SchemaBuild build;
    private final ArchiveBuild archive;
    private final PostgresAddress address;
    private final ClientProgramSearch programs;

    /**
     * Connects to nothing yet.
     *
     * @param applicationName of sessions that land nothing right now; begins with {@code godwit}
     * @param maxConnections sessions at once; 2 or more, at least one more than the budget has
     * @param budget for builds; shards that land take their turns before they come here
     * @param programs where client programs are looked for
     * @throws GodwitException with a PLAN_ code where the address holds what is not allowed
     */
    public PostgresTarget(
            PostgresAddress address,
            String applicationName,
            int maxConnections,
            SessionBudget budget,
            ClientProgramSearch programs) {
        this(address, applicationName, maxConnections, budget, PATIENCE, programs);
    }

    /** With a budget of its own and no shards in it, and client programs from PATH and where packages put them. */
    public PostgresTarget(PostgresAddress address, String applicationName, int maxConnections) {
        this(address, applicationName, maxConnections, PATIENCE);
    }

    PostgresTarget(PostgresAddress address, String applicationName, int maxConnections, Duration patience) {
        this(
                address,
                applicationName,
                maxConnections,
                new SessionBudget(0, maxConnections - 1),
                patience,
                ClientProgramSearch.here());
    }

    /** @param patience how long another cluster's session is waited for before it may be ended */
    private PostgresTarget(
            PostgresAddress address,
            String applicationName,
            int maxConnections,
            SessionBudget budget,
            Duration patience,
            ClientProgramSearch programs) {
        this.address = address;
        this.programs = programs;
        this.builds = new Builds(budget);
        this.connections = new PostgresConnections(address, Side.TARGET, applicationName, maxConnections);
        this.sessions = new TargetSessions(connections);
        this.landings = new PostgresLandings(connections, patience);
        this.place = address.place();
        this.build = new SchemaBuild(sessions, builds, budget, place);
        this.archive = new ArchiveBuild(sessions, address, programs);
        this.schema = new TargetSchema(sessions, build, archive, place);
    }

    @Override
    public String identity() {
        // Outside the pool: a wrong password must not be tried again for 20 seconds.
        try (Connection connection = connections.open()) {
            TargetSessions.limit(connection, TargetSessions.SHORT);
            String identity = DatabaseIdentity.of(connection);
            connection.rollback();
            return identity;
        } catch (SQLException e) {
            throw PostgresErrors.translate(e, Side.TARGET, place);
        }
    }

    @Override
    public List<Problem> check(Plan plan, List<TableSpec> tables) {
        return new TargetCheck(sessions, schema, place).run(plan, tables);
    }

    @Override
    public Dumpable restorable() {
        return sessions.reading(
                place,
                connection -> new Dumpable(
                        connection.getMetaData().getDatabaseMajorVersion(), LibpqAddress.obstacles(address)));
    }

    @Override
    public Acceptance accepts(Plan plan, List<TableSpec> tables, SchemaPlan source) {
        return sessions.reading(place, connection -> {
            TargetShape shape = TargetShape.read(connection, plan.name(), tables);
            Set<TableName> told = tables.stream()
                    .filter(table -> !shape.differences(table).isEmpty())
                    .map(TableSpec::name)
                    .collect(Collectors.toSet());
            SchemaFit fit = SchemaFit.of(connection, plan, source, told, place);
            List<Problem> problems = new ArrayList<>(fit.problems());
            problems.addAll(ChangeReadiness.of(connection, plan, tables, fit.wanted(), place));
            if (plan.schema() == SchemaMode.DUMP) {
                int major = connection.getMetaData().getDatabaseMajorVersion();
                SchemaDumps.unfit(programs, source.serverMajor(), major, place).ifPresent(problems::add);
            }
            return new Acceptance(problems, fit.wanted().notCarried());
        });
    }

    @Override
    public MigrationEntry enter(MigrationEntry entry) {
        makeOwnTables();
        return sessions.durably(place, TargetSessions.LONG, connection -> {
            // Who keeps another schema looks for the entry first, under the same lock.
            TargetTables.lock(connection, TargetTables.LOCK_PREPARE);
            ClaimTables.enter(connection, entry);
            return ClaimTables.entry(connection, entry.migration())
                    .orElseThrow(() -> new GodwitException(
                            ErrorCode.TARGET_FAILED,
                            "The migration's entry went away while it was made.",
                            place,
                            "Look who changes the schema godwit."));
        });
    }

    private void makeOwnTables() {
        try (Connection connection = connections.take()) {
            TargetTables.make(connection);
        } catch (SQLException e) {
            throw PostgresErrors.translate(e, Side.TARGET, place);
        }
    }

    /** Empty too where Godwit's own tables are not there yet. */
    @Override
    public Optional<MigrationEntry> entry(String migration) {
        return sessions.reading(
                place,
                connection ->
                        TargetTables.present(connection) ? ClaimTables.entry(connection, migration) : Optional.empty());
    }

    @Override
    public void prepare(Plan plan, List<TableSpec> tables, SchemaSource source) {
        makeOwnTables();
        schema.prepare(plan, tables, source);
    }

    @Override
    public Window keep(String migration, TableSpec table, Window window) {
        String where = where(migration, table.name());
        return sessions.durably(where, TargetSessions.SHORT, connection -> {
            ClaimTables.keep(connection, migration, table.name(), window, cutBy(table, window));
            Window kept = ClaimTables.window(connection, migration, table.name(), window.name())
                    .orElseThrow(() -> new GodwitException(
                            ErrorCode.TARGET_FAILED,
                            "A window went away while it was kept.",
                            where,
                            "Look who changes the schema godwit."));
            String cutBy = ClaimTables.cutBy(connection, migration, table.name(), window.name());
            if (!cutBy.isEmpty() && !cutBy.equals(cutBy(table, kept))) {
                throw new GodwitException(
                        ErrorCode.SOURCE_TABLE_CHANGED,
                        "The table has another file or another key now than when its shards were cut.",
                        where,
                        "Start a migration under a new name and with empty tables: the shards that are there mean other"
                                + " rows now.");
            }
            return kept;
        });
    }

    /** What the ranges of a window name rows by: a bound means nothing without it. */
    private static String cutBy(TableSpec table, Window window) {
        ShardRange range = window.ranges().get(window.ranges().size() - 1);
        if (range instanceof ShardRange.Blocks) {
            return "file " + table.fileNode();
        } else if (range instanceof ShardRange.Whole) {
            return "whole";
        }
        return table.keyColumns().stream()
                .map(column -> Sql.ident(column) + ' ' + table.typeOf(column))
                .collect(Collectors.joining(", ", "key ", ""));
    }

    @Override
    public Optional<Window> window(String migration, TableName table, String name) {
        return sessions.reading(
                where(migration, table), connection -> ClaimTables.window(connection, migration, table, name));
    }

    @Override
    public Map<String, Claim> claims(String migration, TableName table, Collection<String> shards) {
        return sessions.reading(
                where(migration, table), connection -> ClaimTables.claims(connection, migration, table, shards));
    }

    @Override
    public Retirement retire(String migration, TableName table, Shard shard, List<ShardRange> pieces) {
        return landings.retire(migration, table, shard, pieces);
    }

    @Override
    public Landing land(ShardOrder order) {
        return landings.land(order);
    }

    @Override
    public BundleLanding land(BundleOrder order) {
        return PostgresBundleLanding.open(connections, order, build);
    }

    @Override
    public <T> Future<T> beside(Supplier<T> work) {
        return builds.beside(work);
    }

    @Override
    public Confirmation confirm(String migration, TableName table) {
        return sessions.durably(
                where(migration, table),
                TargetSessions.LONG,
                connection -> new ClaimConfirmation(migration, table).confirm(connection));
    }

    @Override
    public void finish(Plan plan, TableSpec table) {
        if (plan.schema().makesTables()) {
            build.afterRows(plan.name(), table);
        }
    }

    @Override
    public List<Problem> finish(Plan plan, Function<Collection<TableName>, Map<TableName, SchemaObject>> positions) {
        List<Problem> problems =
                plan.schema().makesTables() ? build.atTheEnd(plan.name(), positions) : List.<Problem>of();
        if (plan.schema() == SchemaMode.DUMP) {
            archive.atTheEnd(plan);
        }
        return problems;
    }

    @Override
    public void carryPositions(Plan plan, Function<Collection<TableName>, Map<TableName, SchemaObject>> positions) {
        if (plan.schema().makesTables()) {
            build.carryPositions(plan.name(), positions);
        }
    }

    private static String where(String migration, TableName table) {
        return migration + ", " + Sql.printable(table.text());
    }

    @Override
    public ChangeTarget follow(Plan plan) {
        return new PostgresChangeTarget(sessions, plan.name(), place);
    }

    @Override
    public SessionWaits waits() {
        return sessions.reading(place, connection -> ActivityWaits.of(connection, Side.TARGET));
    }

    @Override
    public void limit(int most) {
        connections.limit(most);
    }

    @Override
    public void close() {
        builds.close();
        connections.close();
    }
}
