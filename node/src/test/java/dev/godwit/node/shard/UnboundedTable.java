package dev.godwit.node.shard;

import dev.godwit.node.access.Databases;
import dev.godwit.node.schema.Dumpable;
import dev.godwit.node.schema.SchemaDump;
import dev.godwit.node.schema.SchemaObject;
import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.node.source.BundleReader;
import dev.godwit.node.source.ChangeSource;
import dev.godwit.node.source.HeldSnapshot;
import dev.godwit.node.source.KeySample;
import dev.godwit.node.source.RangeReader;
import dev.godwit.node.source.SchemaSource;
import dev.godwit.node.source.SessionWaits;
import dev.godwit.node.source.SourceDatabase;
import dev.godwit.node.target.BundleLanding;
import dev.godwit.node.target.ChangeTarget;
import dev.godwit.node.target.SessionBudget;
import dev.godwit.node.target.TargetDatabase;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Consistency;
import dev.godwit.protocol.plan.Endpoint;
import dev.godwit.protocol.plan.Limits;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.ColumnSpec;
import dev.godwit.protocol.table.CutMethod;
import dev.godwit.protocol.table.Shard;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import dev.godwit.protocol.table.Window;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Databases that hold one table without an end, for a benchmark of the coordinator alone. The target keeps its windows
 * by a formula instead of a table, so that a million shards cost it no memory; nobody has claimed anything.
 */
final class UnboundedTable implements Databases, SourceDatabase, TargetDatabase {
    static final int SHARD_BLOCKS = 16_384;

    private static final PostgresAddress NOWHERE =
            new PostgresAddress("nowhere", 5432, "none", "nobody", null, "disable", Map.of());

    static Plan plan(String name) {
        return new Plan(
                "godwit/v1",
                "Migration",
                name,
                new Endpoint(NOWHERE),
                Map.of("main", new Endpoint(NOWHERE)),
                Consistency.SNAPSHOT,
                List.of("public.*"),
                List.of(),
                SchemaMode.TABLES,
                List.of(),
                Limits.DEFAULT);
    }

    static TableSpec table() {
        List<ColumnSpec> columns = IntStream.range(0, 16)
                .mapToObj(i -> new ColumnSpec("column_" + i, "bigint"))
                .toList();
        return new TableSpec(
                new TableName("public", "unbounded"),
                columns,
                List.of("column_0"),
                false,
                CutMethod.BLOCK,
                true,
                Long.MAX_VALUE / 1024,
                -1,
                1);
    }

    /** The window of that number: always full, never the last. */
    static Window window(int number) {
        List<ShardRange> ranges = new ArrayList<>(ShardCoordinator.WINDOW_SHARDS);
        long from = (long) number * ShardCoordinator.WINDOW_SHARDS * SHARD_BLOCKS;
        for (int i = 0; i < ShardCoordinator.WINDOW_SHARDS; i++) {
            ranges.add(new ShardRange.Blocks(from, from + SHARD_BLOCKS));
            from += SHARD_BLOCKS;
        }
        return new Window(Integer.toString(number), ranges, false);
    }

    @Override
    public SourceDatabase source(Plan plan) {
        return this;
    }

    @Override
    public TargetDatabase target(Plan plan) {
        return this;
    }

    @Override
    public long blocks(TableName table) {
        return Long.MAX_VALUE / 1024;
    }

    /** As if somebody had always been first. */
    @Override
    public Window keep(String migration, TableSpec table, Window window) {
        return window(Integer.parseInt(window.name()));
    }

    @Override
    public Optional<Window> window(String migration, TableName table, String name) {
        return Optional.of(window(Integer.parseInt(name)));
    }

    @Override
    public Map<String, Claim> claims(String migration, TableName table, Collection<String> shards) {
        return Map.of();
    }

    @Override
    public void close(String migration) {}

    @Override
    public void limit(int sessions) {}

    @Override
    public void limit(Plan plan, int workers, int targetSessions) {}

    @Override
    public SessionBudget budget(Plan plan) {
        throw notHere();
    }

    @Override
    public void flushLog() {
        throw notHere();
    }

    @Override
    public ChangeSource capture(Plan plan) {
        throw notHere();
    }

    @Override
    public void carryPositions(
            Plan plan, Function<Collection<TableName>, Map<TableName, dev.godwit.node.schema.SchemaObject>> positions) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ChangeTarget follow(Plan plan) {
        throw notHere();
    }

    @Override
    public SessionWaits waits() {
        throw notHere();
    }

    @Override
    public void close() {}

    private static UnsupportedOperationException notHere() {
        return new UnsupportedOperationException("the coordinator alone does not ask for this");
    }

    @Override
    public String identity() {
        throw notHere();
    }

    @Override
    public List<Problem> check(Plan plan) {
        throw notHere();
    }

    @Override
    public List<TableSpec> tables(Plan plan) {
        throw notHere();
    }

    @Override
    public SchemaPlan schema(Plan plan) {
        throw notHere();
    }

    @Override
    public Dumpable dumpable() {
        throw notHere();
    }

    @Override
    public SchemaDump dump(Plan plan, SchemaPlan schema, int targetMajor, int entriesAtOnce) {
        throw notHere();
    }

    @Override
    public Map<TableName, SchemaObject> positions(Collection<TableName> sequences) {
        throw notHere();
    }

    @Override
    public List<KeySample> sample(TableSpec table, int wanted) {
        throw notHere();
    }

    @Override
    public List<KeySample> sample(TableSpec table, ShardRange.Keys within, int wanted) {
        throw notHere();
    }

    @Override
    public BundleReader readBundle(List<TableSpec> tables, Optional<String> snapshot) {
        throw notHere();
    }

    @Override
    public RangeReader read(TableSpec table, ShardRange range, Optional<String> snapshot) {
        throw notHere();
    }

    @Override
    public HeldSnapshot hold() {
        throw notHere();
    }

    @Override
    public HeldSnapshot hold(String exported) {
        throw notHere();
    }

    @Override
    public List<Problem> check(Plan plan, List<TableSpec> tables) {
        throw notHere();
    }

    @Override
    public MigrationEntry enter(MigrationEntry entry) {
        throw notHere();
    }

    @Override
    public Optional<MigrationEntry> entry(String migration) {
        throw notHere();
    }

    @Override
    public void prepare(Plan plan, List<TableSpec> tables, SchemaSource source) {
        throw notHere();
    }

    @Override
    public Retirement retire(String migration, TableName table, Shard shard, List<ShardRange> pieces) {
        throw notHere();
    }

    @Override
    public BundleLanding land(BundleOrder order) {
        throw notHere();
    }

    @Override
    public Landing land(ShardOrder order) {
        throw notHere();
    }

    @Override
    public <T> Future<T> beside(Supplier<T> work) {
        throw notHere();
    }

    @Override
    public Confirmation confirm(String migration, TableName table) {
        throw notHere();
    }

    @Override
    public Dumpable restorable() {
        throw notHere();
    }

    @Override
    public Acceptance accepts(Plan plan, List<TableSpec> tables, SchemaPlan source) {
        throw notHere();
    }

    @Override
    public void finish(Plan plan, TableSpec table) {
        throw notHere();
    }

    @Override
    public List<Problem> finish(Plan plan, Function<Collection<TableName>, Map<TableName, SchemaObject>> positions) {
        throw notHere();
    }
}
