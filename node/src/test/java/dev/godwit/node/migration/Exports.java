package dev.godwit.node.migration;

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
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.ShardRange;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A source that knows nothing but exported snapshots: their texts by name. */
final class Exports implements SourceDatabase {
    private final Map<String, String> texts = new ConcurrentHashMap<>();
    private final AtomicInteger closed = new AtomicInteger();
    private volatile ErrorCode answer = ErrorCode.SNAPSHOT_LOST;

    Exports with(String name, String text) {
        texts.put(name, text);
        return this;
    }

    /** How the search for a name ends that is not exported. */
    Exports otherwise(ErrorCode code) {
        answer = code;
        return this;
    }

    /** Holders that were closed. */
    int closed() {
        return closed.get();
    }

    @Override
    public HeldSnapshot hold(String exported) {
        String text = texts.get(exported);
        if (text == null) {
            throw new GodwitException(answer, "There is no such export.", "", "");
        }
        return new HeldSnapshot() {
            @Override
            public String exported() {
                return exported + "-again";
            }

            @Override
            public String snapshot() {
                return text;
            }

            @Override
            public boolean alive() {
                return true;
            }

            @Override
            public void close() {
                closed.incrementAndGet();
            }
        };
    }

    @Override
    public HeldSnapshot hold() {
        throw new UnsupportedOperationException();
    }

    @Override
    public String identity() {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<Problem> check(Plan plan) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<TableSpec> tables(Plan plan) {
        throw new UnsupportedOperationException();
    }

    @Override
    public SchemaPlan schema(Plan plan) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Dumpable dumpable() {
        throw new UnsupportedOperationException();
    }

    @Override
    public SchemaDump dump(Plan plan, SchemaPlan schema, int targetMajor, int entriesAtOnce) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Map<TableName, SchemaObject> positions(Collection<TableName> sequences) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<KeySample> sample(TableSpec table, int wanted) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<KeySample> sample(TableSpec table, ShardRange.Keys within, int wanted) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long blocks(TableName table) {
        throw new UnsupportedOperationException();
    }

    @Override
    public BundleReader readBundle(List<TableSpec> tables, Optional<String> snapshot) {
        throw new UnsupportedOperationException();
    }

    @Override
    public RangeReader read(TableSpec table, ShardRange range, Optional<String> snapshot) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void flushLog() {
        throw new UnsupportedOperationException();
    }

    @Override
    public ChangeSource capture(Plan plan) {
        throw new UnsupportedOperationException();
    }

    @Override
    public SessionWaits waits() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void limit(int sessions) {}

    @Override
    public void close() {}
}
