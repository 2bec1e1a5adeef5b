package dev.godwit.node.postgres;

import dev.godwit.node.postgres.ObjectTable.Kept;
import dev.godwit.node.schema.ObjectKind;
import dev.godwit.node.schema.SchemaObject;
import dev.godwit.node.schema.Section;
import dev.godwit.node.target.SessionBudget;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Makes the kept objects of a migration, section by section. Each is marked in the transaction that makes it, so a crash
 * at any moment leaves it made and marked, or neither. Thread-safe.
 */
final class SchemaBuild {
    /** Few enough that their locks are a small part of a server's. */
    private static final int IN_ONE_TRANSACTION = 50;

    /** At least so many builds of all nodes together are reckoned with: so much of the target is left to those to come. */
    private static final int FEWEST_BUILDS = 4;

    /** All that belongs to a table that is no bigger is made in one transaction: its builds take no time. */
    private static final long SMALL_TABLE_BYTES = 4L << 20;

    private final TargetSessions sessions;
    private final Builds builds;
    private final SessionBudget budget;
    private final String place;

    /** @param budget of the builds */
    SchemaBuild(TargetSessions sessions, Builds builds, SessionBudget budget, String place) {
        this.sessions = sessions;
        this.builds = builds;
        this.budget = budget;
        this.place = place;
    }

    /** Whatever rows need, in order. Several nodes may do so at once. */
    void beforeRows(String migration) {
        Open open = open(migration, connection -> ObjectTable.unmade(connection, migration, Section.BEFORE));
        List<Kept> waiting = new ArrayList<>();
        for (List<Kept> some : kindByKind(open.objects())) {
            if (some.get(0).object().kind() == ObjectKind.TABLE && some.size() > IN_ONE_TRANSACTION) {
                inBatches(migration, open.maker(), waiting);
                waiting = new ArrayList<>(sideBySide(migration, open.maker(), some));
            } else {
                waiting.addAll(some);
            }
        }
        inBatches(migration, open.maker(), waiting);
    }

    /**
     * Makes tables in several sessions. Most stand alone; those that do not fail beside what they stand on.
     *
     * @return those of batches that failed, in order: made one batch after the other they tell what is wrong, if anything is
     */
    private List<Kept> sideBySide(String migration, SchemaMaker maker, List<Kept> tables) {
        return builds
                .all(batches(tables).stream()
                        .<Supplier<List<Kept>>>map(some -> () -> unmadeOf(migration, maker, some))
                        .toList())
                .stream()
                .flatMap(List::stream)
                .toList();
    }

    private List<Kept> unmadeOf(String migration, SchemaMaker maker, List<Kept> some) {
        try {
            sessions.durably(place, TargetSessions.UNBOUNDED, connection -> {
                maker.makeSideBySide(connection, objects(some));
                ObjectTable.made(connection, migration, some);
                return null;
            });
            return List.of();
        } catch (GodwitException e) {
            return some;
        }
    }

    /** What belongs to a table alone and comes after its rows. Does nothing where all of it is made. */
    void afterRows(String migration, TableSpec table) {
        Open open = open(migration, connection -> ObjectTable.unmade(connection, migration, List.of(table.name())));
        if (open.objects().isEmpty()) {
            return;
        }
        if (table.estimatedBytes() <= SMALL_TABLE_BYTES) {
            builds.one(() -> make(migration, open.maker(), open.objects()));
        } else {
            kindByKind(open.objects()).forEach(some -> each(migration, open.maker(), some));
        }
    }

    /** The same for small tables, in the transaction in which their rows land, with claims that keep others away. */
    void afterRows(Connection connection, String migration, List<TableName> small) throws SQLException {
        Open open = open(connection, migration, ObjectTable.unmade(connection, migration, small));
        if (!open.objects().isEmpty()) {
            open.maker().makeOwn(connection, objects(open.objects()));
            ObjectTable.made(connection, migration, open.objects());
        }
    }

    /**
     * What comes after all tables.
     *
     * @param positions where sequences stand at the source now; what it does not know stays where the schema had it
     * @return what was made and does not hold
     */
    List<Problem> atTheEnd(String migration, Function<Collection<TableName>, Map<TableName, SchemaObject>> positions) {
        // None, but where the target has lost what it had: by a failover, say.
        Open late = open(migration, connection -> ObjectTable.unmade(connection, migration, Section.AFTER));
        kindByKind(late.objects()).forEach(some -> each(migration, late.maker(), some));
        Open open = open(migration, connection -> ObjectTable.unmade(connection, migration, Section.END));
        List<Problem> problems = new ArrayList<>();
        for (List<Kept> some : kindByKind(open.objects())) {
            ObjectKind kind = some.get(0).object().kind();
            if (kind == ObjectKind.FOREIGN_KEY_VALIDATION) {
                List<Supplier<Optional<Problem>>> validations = some.stream()
                        .<Supplier<Optional<Problem>>>map(kept -> () -> validate(migration, open.maker(), kept))
                        .toList();
                builds.all(validations).forEach(problem -> problem.ifPresent(problems::add));
            } else if (kind == ObjectKind.SEQUENCE_POSITION) {
                advance(migration, open.maker(), some, positions);
            } else if (kind == ObjectKind.RIGHTS) {
                inBatches(migration, open.maker(), some);
            } else {
                each(migration, open.maker(), some);
            }
        }
        return problems;
    }

    /** Sets sequences to where they stand at the source now; never back. Those whose place is not known stay. */
    void carryPositions(String migration, Function<Collection<TableName>, Map<TableName, SchemaObject>> positions) {
        List<SchemaObject> kept = sessions.reading(place, connection -> ObjectTable.positions(connection, migration));
        for (int from = 0; from < kept.size(); from += IN_ONE_TRANSACTION) {
            List<SchemaObject> some = kept.subList(from, Math.min(kept.size(), from + IN_ONE_TRANSACTION));
            Map<TableName, SchemaObject> now =
                    positions.apply(some.stream().map(SchemaBuild::name).collect(Collectors.toSet()));
            sessions.durably(place, TargetSessions.LONG, connection -> {
                new SchemaMaker(ObjectTable.sourceMajor(connection, migration), 1)
                        .make(connection, List.copyOf(now.values()));
                return null;
            });
        }
    }

    private record Open(SchemaMaker maker, List<Kept> objects) {}

    private Open open(String migration, TargetSessions.Work<List<Kept>> unmade) {
        return sessions.reading(place, connection -> open(connection, migration, unmade.run(connection)));
    }

    private Open open(Connection connection, String migration, List<Kept> unmade) throws SQLException {
        int sourceMajor = ObjectTable.sourceMajor(connection, migration);
        if (sourceMajor == 0) {
            throw new GodwitException(
                    ErrorCode.ROWS_DIFFER,
                    "The target keeps no schema of this migration: its schema godwit was changed, or the migration was"
                            + " begun by a version that made tables and keys alone.",
                    migration,
                    "Start a migration under a new name and with empty tables.");
        }
        return new Open(new SchemaMaker(sourceMajor, buildsAtOnce(unmade.size())), unmade);
    }

    private int buildsAtOnce(int more) {
        SessionBudget.Use use = budget.use();
        return Math.max(FEWEST_BUILDS, Math.min(use.sessions(), use.builds() + use.buildsWaiting() + more));
    }

    /** Runs of the same kind, in order: a later kind may stand on an earlier one. */
    private static List<List<Kept>> kindByKind(List<Kept> objects) {
        List<List<Kept>> runs = new ArrayList<>();
        ObjectKind kind = null;
        for (Kept kept : objects) {
            if (kept.object().kind() != kind) {
                kind = kept.object().kind();
                runs.add(new ArrayList<>());
            }
            runs.get(runs.size() - 1).add(kept);
        }
        return runs;
    }

    /** Each in a transaction of its own; side by side where that takes time and no lock that others of them want. */
    private void each(String migration, SchemaMaker maker, List<Kept> some) {
        List<Supplier<Void>> makings = some.stream()
                .<Supplier<Void>>map(kept -> () -> make(migration, maker, List.of(kept)))
                .toList();
        if (some.get(0).object().kind().mayBeMadeSideBySide()) {
            builds.all(makings);
        } else {
            makings.forEach(builds::one);
        }
    }

    private void inBatches(String migration, SchemaMaker maker, List<Kept> objects) {
        batches(objects).forEach(some -> make(migration, maker, some));
    }

    private static <T> List<List<T>> batches(List<T> all) {
        List<List<T>> batches = new ArrayList<>();
        for (int from = 0; from < all.size(); from += IN_ONE_TRANSACTION) {
            batches.add(all.subList(from, Math.min(all.size(), from + IN_ONE_TRANSACTION)));
        }
        return batches;
    }

    private static List<SchemaObject> objects(List<Kept> some) {
        return some.stream().map(Kept::object).toList();
    }

    private Void make(String migration, SchemaMaker maker, List<Kept> some) {
        String where = some.size() == 1 ? Sql.printable(some.get(0).object().identity()) : place;
        return sessions.durably(where, TargetSessions.UNBOUNDED, connection -> {
            maker.make(connection, objects(some));
            ObjectTable.made(connection, migration, some);
            return null;
        });
    }

    /** A foreign key with orphans stays NOT VALID: it is there for new rows, and the orphans are told. */
    private Optional<Problem> validate(String migration, SchemaMaker maker, Kept kept) {
        try {
            make(migration, maker, List.of(kept));
            return Optional.empty();
        } catch (GodwitException e) {
            if (e.code() != ErrorCode.TARGET_FOREIGN_KEY_ORPHANS) {
                throw e;
            }
            return Optional.of(e.problem());
        }
    }

    private void advance(
            String migration,
            SchemaMaker maker,
            List<Kept> some,
            Function<Collection<TableName>, Map<TableName, SchemaObject>> positions) {
        Map<TableName, SchemaObject> now =
                positions.apply(some.stream().map(kept -> name(kept.object())).collect(Collectors.toSet()));
        List<Kept> current = some.stream()
                .map(kept -> new Kept(kept.place(), now.getOrDefault(name(kept.object()), kept.object())))
                .toList();
        inBatches(migration, maker, current);
    }

    private static TableName name(SchemaObject object) {
        return new TableName(object.schema(), object.name());
    }
}
