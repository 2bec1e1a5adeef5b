package dev.godwit.ops.cluster;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SecretRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * The database in which the nodes keep their journal and find each other.
 *
 * @param address where it is; the password stays a reference
 * @param schema of the nodes' tables
 */
public record StateStore(PostgresAddress address, String schema) {
    private static final String PREFIX = "godwit.state-store.";
    /** Others of the plan's properties don't matter for one login, and ones that are not allowed must not be used. */
    private static final Set<String> TLS_PROPERTIES = Set.of("sslrootcert", "sslcert", "sslkey", "channelBinding");

    private static final String LOGIN_REFUSED_CLASS = "28";
    private static final String DATABASE_MISSING = "3D000";

    public StateStore {
        Objects.requireNonNull(address, "address");
        Objects.requireNonNull(schema, "schema");
    }

    /** As the node's configuration names it. */
    public Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put(PREFIX + "host", address.host());
        settings.put(PREFIX + "port", Integer.toString(address.port()));
        settings.put(PREFIX + "database", address.database());
        settings.put(PREFIX + "user", address.user());
        settings.put(PREFIX + "sslmode", address.sslmode());
        settings.put(PREFIX + "schema", schema);
        SecretRef password = address.password();
        if (password != null && password.env() != null) {
            settings.put(PREFIX + "password.env", password.env());
        }
        if (password != null && password.file() != null) {
            settings.put(PREFIX + "password.file", password.file());
        }
        return settings;
    }

    /**
     * Logs in once, so that a wrong address or password is told at once and not by nodes that wait for it.
     *
     * @throws GodwitException {@link ErrorCode#TARGET_UNREACHABLE}, {@link ErrorCode#TARGET_LOGIN_REFUSED} or
     *     {@link ErrorCode#SECRET_MISSING}
     */
    public void verify(Map<String, String> environment) {
        PGSimpleDataSource database = new PGSimpleDataSource();
        database.setServerNames(new String[] {address.host()});
        database.setPortNumbers(new int[] {address.port()});
        database.setDatabaseName(address.database());
        database.setUser(address.user());
        database.setPassword(password(environment));
        database.setSslMode(address.sslmode());
        database.setConnectTimeout(10);
        database.setLoginTimeout(15);
        database.setLogServerErrorDetail(false);
        try {
            for (String name : TLS_PROPERTIES) {
                if (address.properties().containsKey(name)) {
                    database.setProperty(name, address.properties().get(name));
                }
            }
        } catch (SQLException e) {
            throw failure(e);
        }
        try (Connection connection = database.getConnection()) {
            connection.isValid(5);
        } catch (SQLException e) {
            throw failure(e);
        }
    }

    private GodwitException failure(SQLException e) {
        String state = Objects.requireNonNullElse(e.getSQLState(), "");
        if (state.startsWith(LOGIN_REFUSED_CLASS)) {
            return new GodwitException(
                    ErrorCode.TARGET_LOGIN_REFUSED,
                    "The server refuses the login of the user '" + address.user() + "' (SQLSTATE " + state + ").",
                    address.place(),
                    "Check user and password of the plan's target.");
        }
        if (state.equals(DATABASE_MISSING)) {
            return new GodwitException(
                    ErrorCode.TARGET_LOGIN_REFUSED,
                    "The server has no such database.",
                    address.place(),
                    "Create it, or correct the plan's target.");
        }
        return new GodwitException(
                ErrorCode.TARGET_UNREACHABLE,
                "The database can't be reached (SQLSTATE " + (state.isEmpty() ? "unknown" : state) + ").",
                address.place(),
                "Check that the server runs and that host and port of the plan's target are right.");
    }

    private String password(Map<String, String> environment) {
        SecretRef password = address.password();
        if (password == null) {
            return null;
        }
        if (password.env() != null) {
            String value = environment.get(password.env());
            if (value == null) {
                throw missing("The environment variable '" + password.env() + "' is not set.");
            }
            return value;
        }
        try {
            String text = Files.readString(Path.of(password.file()));
            return text.endsWith("\r\n")
                    ? text.substring(0, text.length() - 2)
                    : text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
        } catch (IOException | IllegalArgumentException e) {
            throw missing("The file '" + password.file() + "' can't be read.");
        }
    }

    private GodwitException missing(String what) {
        return new GodwitException(
                ErrorCode.SECRET_MISSING, what, "password of " + address.place(), "Provide it, then try again.");
    }
}
