package dev.godwit.node.postgres;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.PostgresAddress;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

/**
 * Opens sessions of one PostgreSQL database, every one with the same settings. The driver gets properties, never a URL
 * with a user's text in it: a URL may load classes (CVE-2022-21724).
 */
final class SessionSource implements DataSource {
    static final Set<String> ALLOWED_PROPERTIES =
            Set.of("sslrootcert", "sslcert", "sslkey", "connectTimeout", "tcpKeepAlive", "channelBinding");

    private static final Set<String> SSL_MODES =
            Set.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");

    /** Everything comes from the properties: without the slashes the driver would take an empty name of a database. */
    private static final String URL = "jdbc:postgresql:///";

    private static final int CONNECT_SECONDS = 10;

    private static final Driver DRIVER = new Driver();

    private final PostgresAddress address;
    private final Side side;
    private final String applicationName;

    /** @throws GodwitException with a PLAN_ code where the address holds what is not allowed */
    SessionSource(PostgresAddress address, Side side, String applicationName) {
        this.address = address;
        this.side = side;
        this.applicationName = applicationName;
        validate();
    }

    /** A session in autocommit, with our settings. */
    @Override
    public Connection getConnection() throws SQLException {
        return connect(properties(), "");
    }

    /**
     * A session in autocommit that takes the commands of replication beside SQL, with the same settings: what it streams is
     * printed as what other sessions read. The server ends it where nothing was heard of us for so long.
     */
    Connection replicating(Duration silence) throws SQLException {
        Properties properties = properties();
        PGProperty.REPLICATION.set(properties, "database");
        // It understands no other protocol of queries, and the driver need not find out what the server can.
        PGProperty.PREFER_QUERY_MODE.set(properties, "simple");
        PGProperty.ASSUME_MIN_SERVER_VERSION.set(properties, "12");
        StringBuilder sql = new StringBuilder();
        set(sql, "wal_sender_timeout", String.valueOf(silence.toMillis()));
        return connect(properties, sql.toString());
    }

    private Connection connect(Properties properties, String furtherSettings) throws SQLException {
        Connection connection = DRIVER.connect(URL, properties);
        if (connection == null) {
            throw new SQLException("the driver did not accept the address", "08001");
        }
        try (Statement statement = connection.createStatement()) {
            statement.execute(settings(connection.getMetaData().getDatabaseMajorVersion()) + furtherSettings);
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
        return connection;
    }

    private void validate() {
        for (String name : address.properties().keySet()) {
            if (!ALLOWED_PROPERTIES.contains(name)) {
                throw new GodwitException(
                        ErrorCode.PLAN_PROPERTY_NOT_ALLOWED,
                        "The property " + Sql.printable(name) + " is not allowed.",
                        address.place(),
                        "Allowed are "
                                + String.join(
                                        ", ",
                                        ALLOWED_PROPERTIES.stream().sorted().toList()) + ".");
            }
        }
        if (!SSL_MODES.contains(address.sslmode())) {
            throw new GodwitException(
                    ErrorCode.PLAN_WRONG_VALUE,
                    "The sslmode " + Sql.printable(address.sslmode()) + " is not known.",
                    address.place(),
                    "Use disable, allow, prefer, require, verify-ca or verify-full.");
        }
        // The driver would take a comma for a list of hosts, and a slash for a socket's path.
        if (address.host().isBlank() || !address.host().matches("[^\\s,/\\\\?&#\\p{Cntrl}]+")) {
            throw new GodwitException(
                    ErrorCode.PLAN_WRONG_VALUE,
                    "The host is not a host's name or address.",
                    Sql.printable(address.place()),
                    "Name one host, or one IPv4 or IPv6 address.");
        }
    }

    private Properties properties() {
        Properties properties = new Properties();
        PGProperty.CONNECT_TIMEOUT.set(properties, CONNECT_SECONDS);
        PGProperty.TCP_KEEP_ALIVE.set(properties, true);
        for (Map.Entry<String, String> entry : address.properties().entrySet()) {
            properties.setProperty(entry.getKey(), entry.getValue());
        }
        PGProperty.PG_HOST.set(properties, withoutBrackets(address.host()));
        PGProperty.PG_PORT.set(properties, address.port());
        PGProperty.PG_DBNAME.set(properties, address.database());
        PGProperty.USER.set(properties, address.user());
        String password = Secrets.resolve(address.password(), System::getenv, address.place());
        if (password != null) {
            PGProperty.PASSWORD.set(properties, password);
        }
        PGProperty.SSL_MODE.set(properties, address.sslmode());
        PGProperty.SOCKET_FACTORY.set(properties, KeptAliveSockets.class.getName());
        PGProperty.APPLICATION_NAME.set(properties, applicationName);
        // Details of errors hold rows' values.
        PGProperty.LOG_SERVER_ERROR_DETAIL.set(properties, false);
        return properties;
    }

    static String withoutBrackets(String host) {
        return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    }

    /**
     * One text of SET commands. No timeout of the role or the database may end a long copy, and every value must be
     * printed so that it reads back as itself.
     */
    private String settings(int serverMajor) {
        StringBuilder sql = new StringBuilder(1024);
        set(sql, "statement_timeout", "0");
        set(sql, "lock_timeout", "0");
        set(sql, "idle_in_transaction_session_timeout", "0");
        if (serverMajor >= 14) {
            set(sql, "idle_session_timeout", "0");
        }
        if (serverMajor >= 17) {
            set(sql, "transaction_timeout", "0");
        }
        // The server notices a node that is gone from the network, and frees what its session holds.
        set(sql, "tcp_keepalives_idle", "30");
        set(sql, "tcp_keepalives_interval", "10");
        set(sql, "tcp_keepalives_count", "3");
        set(sql, "search_path", "''");
        set(sql, "standard_conforming_strings", "on");
        // What both sides print is compared.
        set(sql, "quote_all_identifiers", "off");
        set(sql, "datestyle", "'ISO, YMD'");
        set(sql, "intervalstyle", "postgres");
        set(sql, "timezone", "'UTC'");
        set(sql, "extra_float_digits", "3");
        set(sql, "bytea_output", "hex");
        set(sql, "lc_monetary", "'C'");
        set(sql, "xmloption", "content");
        set(sql, "array_nulls", "on");
        set(sql, "client_min_messages", "error");
        if (serverMajor >= 11) {
            set(sql, "jit", "off");
        }
        if (side == Side.SOURCE) {
            // An error instead of rows that are silently left out.
            set(sql, "row_security", "off");
            // The shards are the parallelism.
            set(sql, "max_parallel_workers_per_gather", "0");
        } else {
            // Safe with claims: a commit that is lost loses the claim with it.
            set(sql, "synchronous_commit", "off");
        }
        return sql.toString();
    }

    private static void set(StringBuilder sql, String name, String value) {
        sql.append("SET ").append(name).append(" = ").append(value).append(';');
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
        throw new SQLFeatureNotSupportedException("the address names the user");
    }

    /** Nothing is written: the driver logs through java.util.logging. */
    @Override
    public PrintWriter getLogWriter() {
        return null;
    }

    @Override
    public void setLogWriter(PrintWriter out) throws SQLException {
        throw new SQLFeatureNotSupportedException("no log writer");
    }

    @Override
    public void setLoginTimeout(int seconds) {
        // The pool proposes its own connection timeout; the property connectTimeout is the one that counts.
    }

    /** The pool waits so long for a session that is being opened while the pool closes. */
    @Override
    public int getLoginTimeout() {
        return CONNECT_SECONDS;
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
        throw new SQLFeatureNotSupportedException("no logger");
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        if (type.isInstance(this)) {
            return type.cast(this);
        }
        throw new SQLException("not a wrapper");
    }

    @Override
    public boolean isWrapperFor(Class<?> type) {
        return type.isInstance(this);
    }
}
