package dev.godwit.node.postgres;

import dev.godwit.node.schema.ObjectKind;
import dev.godwit.node.schema.SchemaObject;
import dev.godwit.node.schema.Section;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Makes objects of a schema on a target. Each is made in the caller's transaction, so it is there or not there. Making
 * one that is there changes nothing.
 */
final class SchemaMaker {
    /** Foreign keys lock two tables each, and two of them in another order would wait for each other. */
    private static final int LOCK_END = 3;

    private static final Set<String> NAME_OR_PLACE_IS_TAKEN = Set.of("42P07", "42710", "42P16", "42P06");

    private static final Set<String> ROWS_DO_NOT_FIT = Set.of("23502", "23503", "23514", "23P01");

    private final int sourceMajor;
    private final int buildsAtOnce;

    /**
     * @param sourceMajor PostgreSQL's major version where the objects were read
     * @param buildsAtOnce how many objects that read rows are made at once on this target, by all nodes; 1 or more
     */
    SchemaMaker(int sourceMajor, int buildsAtOnce) {
        this.sourceMajor = sourceMajor;
        this.buildsAtOnce = buildsAtOnce;
    }

    /**
     * Makes the object if it is not there. Its lock is held until the transaction ends.
     *
     * @return whether it was made
     * @throws GodwitException with TARGET_OBJECT_DIFFERS where something else has its name, TARGET_KEY_NOT_UNIQUE or
     *     TARGET_ROW_REFUSED where rows do not fit, without their values, or as {@link PostgresErrors} says
     */
    boolean make(Connection connection, SchemaObject object) {
        try {
            TargetTables.lock(connection, purpose(object));
            return makeLocked(connection, object);
        } catch (SQLException e) {
            throw translate(e, object);
        }
    }

    /**
     * Makes all of these in the caller's transaction. As a rule none is there, and they are sent to the server at once;
     * where that fails, they are looked at and made one by one, which also tells whose fault it is. Their locks are taken in
     * one order, so that two who make the same do not wait for each other.
     */
    void make(Connection connection, List<SchemaObject> objects) {
        if (objects.size() == 1) {
            make(connection, objects.get(0));
            return;
        }
        try {
            TargetTables.lock(
                    connection,
                    objects.stream()
                            .map(SchemaMaker::purpose)
                            .distinct()
                            .sorted()
                            .toList());
        } catch (SQLException e) {
            throw translate(e, objects.get(0));
        }
        makeOwn(connection, objects);
    }

    /** The same without locks, for objects that nobody else makes now. If somebody does, one of the two makes them later. */
    void makeOwn(Connection connection, List<SchemaObject> objects) {
        if (!makeAtOnce(connection, objects)) {
            objects.forEach(object -> make(connection, object));
        }
    }

    private static boolean makeAtOnce(Connection connection, List<SchemaObject> objects) {
        try {
            Savepoint before = connection.setSavepoint();
            try {
                createAll(connection, objects);
                connection.releaseSavepoint(before);
                return true;
            } catch (SQLException e) {
                connection.rollback(before);
                return false;
            }
        } catch (SQLException e) {
            throw translate(e, objects.get(0));
        }
    }

    /** None of these may be there. */
    private static void createAll(Connection connection, List<SchemaObject> objects) throws SQLException {
        execute(
                connection,
                objects.stream().flatMap(object -> object.create().stream()).collect(Collectors.joining(";\n")));
    }

    /**
     * Makes objects of which each needs none of the others, side by side with sessions that make other such objects, in a
     * transaction that ends if any of them can't be made so: if it is there, for example, or needs another after all.
     */
    void makeSideBySide(Connection connection, List<SchemaObject> objects) {
        try {
            TargetTables.share(connection, TargetTables.LOCK_PREPARE);
            createAll(connection, objects);
        } catch (SQLException e) {
            throw translate(e, objects.get(0));
        }
    }

    private boolean makeLocked(Connection connection, SchemaObject object) throws SQLException {
        SchemaPresence presence = new SchemaPresence(connection, object);
        if (presence.isThere()) {
            if (presence.isHalfBuilt()) {
                execute(connection, "DROP INDEX " + Sql.table(new TableName(object.schema(), object.name())));
            } else if (isAsWanted(connection, object, presence)) {
                return false;
            } else {
                throw differs(object);
            }
        }
        if (object.kind().readsRows()) {
            BuildSettings.choose(connection, buildsAtOnce).apply(connection);
        }
        for (String statement : object.create()) {
            execute(connection, statement);
        }
        return true;
    }

    /** Between two versions of PostgreSQL the name has to do: each prints expressions in its own way. */
    private boolean isAsWanted(Connection connection, SchemaObject object, SchemaPresence presence)
            throws SQLException {
        if (object.kind() == ObjectKind.SCHEMA
                || object.kind() == ObjectKind.FOREIGN_KEY_VALIDATION
                || connection.getMetaData().getDatabaseMajorVersion() != sourceMajor) {
            return true;
        }
        Optional<SchemaObject> there = presence.asItIs();
        return there.isPresent() && there.get().isLike(object);
    }

    /** The advisory lock's second key. Two objects that share one wait for each other, no more. */
    private static int purpose(SchemaObject object) {
        if (object.section() == Section.BEFORE) {
            return TargetTables.LOCK_PREPARE;
        }
        boolean alone = object.section() == Section.END && !object.kind().mayBeMadeSideBySide();
        return alone ? LOCK_END : object.identity().hashCode() | 0x4000_0000;
    }

    static GodwitException differs(SchemaObject object) {
        return new GodwitException(
                ErrorCode.TARGET_OBJECT_DIFFERS,
                "The target has something else of this name, or in its place.",
                Sql.printable(object.identity()),
                "Drop or rename it, or make it like the source's; then resume.");
    }

    private static GodwitException translate(SQLException e, SchemaObject object) {
        String state = String.valueOf(e.getSQLState());
        String where = Sql.printable(object.identity());
        if (NAME_OR_PLACE_IS_TAKEN.contains(state)) {
            return differs(object);
        } else if (state.equals("23505")) {
            return new GodwitException(
                    ErrorCode.TARGET_KEY_NOT_UNIQUE,
                    "Rows have the same values in the key " + Sql.printable(object.name()) + " (SQLSTATE 23505).",
                    where,
                    "Look for duplicates in the target and in the source; then resume.");
        } else if (state.equals("23503") && object.kind() == ObjectKind.FOREIGN_KEY_VALIDATION) {
            return new GodwitException(
                    ErrorCode.TARGET_FOREIGN_KEY_ORPHANS,
                    "Rows point to rows that are not there (SQLSTATE 23503): the foreign key is made and stays NOT VALID.",
                    where,
                    "Correct the rows in the target and in the source, then ALTER TABLE … VALIDATE CONSTRAINT.");
        } else if (ROWS_DO_NOT_FIT.contains(state)) {
            return new GodwitException(
                    ErrorCode.TARGET_ROW_REFUSED,
                    "Rows do not fit the " + object.kind().word() + " (SQLSTATE " + state + ").",
                    where,
                    "Look for them in the target and in the source; then resume.");
        }
        return PostgresErrors.translate(e, Side.TARGET, where);
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            statement.execute(Sql.forDriver(sql));
        }
    }
}
