package dev.godwit.node.postgres;

import dev.godwit.node.postgres.SchemaReader.Seeds;
import dev.godwit.node.schema.ObjectKind;
import dev.godwit.node.schema.SchemaObject;
import dev.godwit.protocol.table.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Set;

/** Looks whether an object is there: by its name first, which is cheap, and then at what it is made of. */
final class SchemaPresence {
    private static final String CLASS =
            "SELECT c.oid::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                    + " WHERE n.nspname = ? AND c.relname = ?";
    private static final String TYPE =
            "SELECT t.oid::bigint FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace"
                    + " WHERE n.nspname = ? AND t.typname = ?";
    private static final String COLLATION =
            "SELECT c.oid::bigint FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace"
                    + " WHERE n.nspname = ? AND c.collname = ? AND c.collencoding IN (-1,"
                    + " (SELECT encoding FROM pg_database WHERE datname = current_database()))";
    private static final String STATISTICS =
            "SELECT s.oid::bigint FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace"
                    + " WHERE n.nspname = ? AND s.stxname = ?";
    private static final String CHILD =
            "SELECT i.inhparent::bigint FROM pg_inherits i WHERE i.inhrelid = (" + CLASS + ")";

    /** Of a table by its oid. */
    private static final String CONSTRAINT =
            "SELECT oid::bigint FROM pg_constraint WHERE conrelid = ?::text::bigint::oid AND conname = ?";

    private static final String DEFAULT =
            "SELECT d.oid::bigint FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum"
                    + " WHERE d.adrelid = ?::text::bigint::oid AND a.attname = ? AND a.attgenerated = ''";

    /** Any: which ones are the table's own, its definition says. */
    private static final String CHECKS =
            "SELECT oid::bigint FROM pg_constraint WHERE conrelid = ?::text::bigint::oid AND ?::text IS NOT NULL"
                    + " AND contype = 'c' LIMIT 1";

    private final Connection connection;
    private final SchemaObject object;

    SchemaPresence(Connection connection, SchemaObject object) {
        this.connection = connection;
        this.object = object;
    }

    /** Whether something of that kind and name is there. */
    boolean isThere() throws SQLException {
        return switch (object.kind()) {
            case SCHEMA -> TargetTables.schemaExists(connection, object.schema());
            case COLLATION -> named(COLLATION) != 0;
            case ENUM, DOMAIN, COMPOSITE, RANGE -> named(TYPE) != 0;
            case SEQUENCE, TABLE, INDEX -> named(CLASS) != 0;
            case STATISTICS -> named(STATISTICS) != 0;
            case PARTITION, INDEX_PARTITION -> named(CHILD) != 0;
            case COLUMN_DEFAULT -> ofTable(DEFAULT) != 0;
            case PRIMARY_KEY, UNIQUE, EXCLUSION, CHECK, FOREIGN_KEY -> ofTable(CONSTRAINT) != 0;
            case FOREIGN_KEY_VALIDATION -> ofTable(CONSTRAINT + " AND convalidated") != 0;
            case CHECKS -> ofTable(CHECKS) != 0 && asItIs().isPresent();
            case REPLICA_IDENTITY, CLUSTER_ORDER, ANALYSIS, PERSISTENCE, SEQUENCE_POSITION, RIGHTS -> false;
        };
    }

    /** Whether it is an index that a failed build has left: of no use, and keeping its name. */
    boolean isHalfBuilt() throws SQLException {
        if (object.kind() != ObjectKind.INDEX) {
            return false;
        }
        String sql = "SELECT i.indexrelid::bigint FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid"
                + " WHERE x.relkind = 'i' AND NOT i.indisvalid AND i.indexrelid = (" + CLASS + ")"
                + " AND i.indrelid = " + table();
        return named(sql) != 0;
    }

    /** The object as it is there, if it can be read as one of that kind. */
    Optional<SchemaObject> asItIs() throws SQLException {
        return SchemaReader.read(connection, seeds()).stream()
                .filter(its -> its.key().equals(object.key()))
                .findFirst();
    }

    private Seeds seeds() throws SQLException {
        Set<Long> none = Set.of();
        return switch (object.kind()) {
            case COLLATION -> new Seeds(none, none, none, Set.of(named(COLLATION)));
            case ENUM, DOMAIN, COMPOSITE, RANGE -> new Seeds(none, none, Set.of(named(TYPE)), none);
            case SEQUENCE -> new Seeds(none, Set.of(named(CLASS)), none, none);
            case SCHEMA, RIGHTS -> new Seeds(none, none, none, none);
            case TABLE,
                    PARTITION,
                    COLUMN_DEFAULT,
                    INDEX,
                    PRIMARY_KEY,
                    UNIQUE,
                    EXCLUSION,
                    INDEX_PARTITION,
                    CHECKS,
                    CHECK,
                    STATISTICS,
                    REPLICA_IDENTITY,
                    CLUSTER_ORDER,
                    ANALYSIS,
                    PERSISTENCE,
                    FOREIGN_KEY,
                    FOREIGN_KEY_VALIDATION,
                    SEQUENCE_POSITION -> new Seeds(Set.of(table()), none, none, none);
        };
    }

    private long table() throws SQLException {
        TableName table = object.table();
        return oid(CLASS, table.schema(), table.name());
    }

    private long named(String sql) throws SQLException {
        return oid(sql, object.schema(), object.name());
    }

    private long ofTable(String sql) throws SQLException {
        return oid(sql, String.valueOf(table()), object.name());
    }

    /** 0 where there is none. */
    private long oid(String sql, String one, String other) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, one);
            statement.setString(2, other);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? row.getLong(1) : 0;
            }
        }
    }
}
