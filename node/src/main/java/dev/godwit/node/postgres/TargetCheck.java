package dev.godwit.node.postgres;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.SchemaMode;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Everything about a target that would keep tables from landing, found at once. Writes nothing. */
final class TargetCheck {
    private static final int OLDEST = 120_000;

    private final TargetSessions sessions;
    private final TargetSchema schema;
    private final String place;
    private final List<Problem> problems = new ArrayList<>();

    TargetCheck(TargetSessions sessions, TargetSchema schema, String place) {
        this.sessions = sessions;
        this.schema = schema;
        this.place = place;
    }

    /** A target that can't be asked is one problem, and the only one. */
    List<Problem> run(Plan plan, List<TableSpec> tables) {
        // Outside the pool: a wrong password must not be tried again for 20 seconds.
        try (Connection reached = sessions.connections().open()) {
            reached.rollback();
            server();
            if (!found(ErrorCode.TARGET_VERSION)) {
                if (!found(ErrorCode.TARGET_CONNECTIONS)) {
                    pooler();
                }
                privileges(plan, tables);
                tables(plan, tables);
            }
        } catch (SQLException e) {
            problems.add(PostgresErrors.translate(e, Side.TARGET, place).problem());
        } catch (GodwitException e) {
            problems.add(e.problem());
        }
        return List.copyOf(problems);
    }

    private boolean found(ErrorCode code) {
        return problems.stream().anyMatch(problem -> problem.code() == code);
    }

    private void add(ErrorCode code, String what, String fix) {
        problems.add(new Problem(code, what, place, fix));
    }

    private void server() {
        sessions.reading(place, connection -> {
            int version = Integer.parseInt(text(connection, "SHOW server_version_num"));
            if (version < OLDEST) {
                add(
                        ErrorCode.TARGET_VERSION,
                        "The target runs version " + text(connection, "SHOW server_version") + ".",
                        "Use PostgreSQL 12 or newer.");
                return null;
            }
            if (is(connection, "SELECT pg_is_in_recovery()")) {
                add(ErrorCode.TARGET_READ_ONLY, "The target is a standby.", "Name the primary server.");
            } else if (text(connection, "SHOW transaction_read_only").equals("on")) {
                add(
                        ErrorCode.TARGET_READ_ONLY,
                        "Transactions in the target only read (default_transaction_read_only is on).",
                        "ALTER DATABASE or ALTER ROLE … SET default_transaction_read_only = off.");
            }
            if (text(connection, "SHOW server_encoding").equals("SQL_ASCII")) {
                add(
                        ErrorCode.TARGET_ENCODING,
                        "The target's encoding is SQL_ASCII: it would take text without looking at its bytes.",
                        "Create the target database with the source's encoding.");
            }
            ConnectionRoom.read(connection).problem(Side.TARGET, place).ifPresent(problems::add);
            return null;
        });
    }

    /**
     * A pooler in transaction mode gives one server's session to many clients in turn: a setting that one client has
     * made for its session is then seen by another, or by nobody.
     */
    private void pooler() {
        String mark = UUID.randomUUID().toString();
        try (Connection first = sessions.connections().open();
                Connection second = sessions.connections().open()) {
            TargetSessions.limit(first, TargetSessions.SHORT);
            TargetSessions.limit(second, TargetSessions.SHORT);
            text(first, "SELECT set_config('godwit.session', '" + mark + "', false)");
            first.commit();
            String own = "SELECT coalesce(current_setting('godwit.session', true), '')";
            // Its transaction stays open, so that the first has to be given another session.
            boolean seenByAnother = text(second, own).equals(mark);
            boolean lost = !text(first, own).equals(mark);
            first.rollback();
            second.rollback();
            if (seenByAnother || lost) {
                add(
                        ErrorCode.TARGET_POOLER,
                        "Sessions of the target are shared: there is a connection pooler in transaction mode.",
                        "Name the server itself, or a pooler in session mode.");
            }
        } catch (SQLException e) {
            throw PostgresErrors.translate(e, Side.TARGET, place);
        }
    }

    private void privileges(Plan plan, List<TableSpec> tables) {
        sessions.reading(place, connection -> {
            boolean mayCreateSchemas = is(connection, "SELECT has_database_privilege(current_database(), 'CREATE')");
            boolean present = TargetTables.present(connection);
            if (!TargetTables.complete(connection)
                    || LargeObjects.areAmong(tables) && !LargeObjectLanding.isThere(connection)) {
                requireCreate(connection, TargetTables.SCHEMA, mayCreateSchemas);
            }
            if (present && !mayUseOwnTables(connection)) {
                add(
                        ErrorCode.TARGET_PRIVILEGE_MISSING,
                        "The user may not read and write the tables in schema godwit.",
                        "Use the user who made them, or grant SELECT, INSERT, UPDATE and DELETE on them.");
            }
            if (plan.schema().makesTables()) {
                for (String name : tables.stream()
                        .map(TableSpec::name)
                        .filter(name -> !LargeObjects.are(name))
                        .map(TableName::schema)
                        .distinct()
                        .toList()) {
                    requireCreate(connection, name, mayCreateSchemas);
                }
            }

            return null;
        });
    }

    private static boolean mayUseOwnTables(Connection connection) throws SQLException {
        String sql = """
                SELECT coalesce(bool_and(has_table_privilege(c.oid, p)), false)
                FROM pg_class c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) p
                WHERE c.relnamespace = 'godwit'::regnamespace AND c.relname = ANY (?)""";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(1, connection.createArrayOf("text", TargetTables.TABLES.toArray()));
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    private void requireCreate(Connection connection, String name, boolean mayCreateSchemas) throws SQLException {
        boolean allowed = mayCreateSchemas;
        if (TargetTables.schemaExists(connection, name)) {
            allowed = is(
                    connection,
                    "SELECT has_schema_privilege(" + Sql.literal(Sql.ident(name)) + "::regnamespace, 'CREATE')");
        }
        if (!allowed) {
            add(
                    ErrorCode.TARGET_PRIVILEGE_MISSING,
                    "The user may not create tables in schema " + Sql.printable(name) + ".",
                    "Grant CREATE on the schema, or on the database where the schema is not there yet.");
        }
    }

    private void tables(Plan plan, List<TableSpec> tables) {
        boolean existing = plan.schema() == SchemaMode.EXISTING;
        TargetShape shape = sessions.reading(place, connection -> TargetShape.read(connection, plan.name(), tables));
        List<Problem> found = TargetSchema.differences(shape, tables, existing);
        problems.addAll(found);
        if (existing) {
            problems.addAll(sessions.reading(place, connection -> typesMissing(connection, tables, shape)));
        }
        problems.addAll(sessions.reading(place, connection -> ChangeReadiness.of(connection, plan, tables, false)));
        boolean ownTables = sessions.reading(place, TargetTables::present);
        problems.addAll(schema.occupied(plan, tables, shape, ownTables));
    }

    /** Of tables that are not there; those that are have their types. */
    private static List<Problem> typesMissing(Connection connection, List<TableSpec> tables, TargetShape shape)
            throws SQLException {
        List<String> types = tables.stream()
                .filter(table -> !shape.has(table.name()))
                .flatMap(table -> table.columns().stream())
                .map(column -> column.type())
                .filter(type -> type.contains("."))
                .distinct()
                .toList();
        List<Problem> missing = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement("""
                SELECT t FROM unnest(?::text[]) t WHERE to_regtype(t) IS NULL""")) {
            statement.setArray(1, connection.createArrayOf("text", types.toArray()));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    String type = Sql.printable(row.getString(1));
                    missing.add(new Problem(
                            ErrorCode.TARGET_TYPE_MISSING,
                            "The target has no type " + type + ".",
                            type,
                            "Create the type, or the extension that it belongs to."));
                }
            }
        }
        return missing;
    }

    private static boolean is(Connection connection, String sql) throws SQLException {
        return "t".equals(text(connection, sql));
    }

    private static String text(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }
}
