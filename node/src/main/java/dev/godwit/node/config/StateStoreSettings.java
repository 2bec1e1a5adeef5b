package dev.godwit.node.config;

import static dev.godwit.node.config.Section.require;
import static dev.godwit.node.config.Section.within;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Where the state store is: the PostgreSQL database that holds the journal, the nodes, the jobs and the lease.
 *
 * @param host name or address, IPv6 without brackets
 * @param port 1 to 65535
 * @param database name of the database
 * @param user role that logs in
 * @param password {@link Secret#NONE} if the server asks for none
 * @param sslmode one of PostgreSQL's six
 * @param sslrootcert file with the certificates to trust; empty for the driver's default
 * @param schema schema of all of Godwit's tables there: a lower-case letter or '_', then up to 62 lower-case letters,
 *     digits or '_'; so it needs no quoting anywhere
 * @param connections the node's connections for everything but the journal, 1 to 32
 * @param journalConnections the node's connections for the journal, and its threads, 1 to 64
 * @param connectTimeout bound of one connect and login, 1 to 60 s
 * @param operationTimeout bound of one statement, 1 to 60 s; the journal's statements may take {@link
 *     #journalOperationTimeout}
 * @param journalOperationTimeout bound of one of the journal's statements, 1 s to 10 min
 */
public record StateStoreSettings(
        String host,
        int port,
        String database,
        String user,
        Secret password,
        String sslmode,
        String sslrootcert,
        String schema,
        int connections,
        int journalConnections,
        Duration connectTimeout,
        Duration operationTimeout,
        Duration journalOperationTimeout) {
    private static final String PATH = "godwit.state-store.";
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._:-]{1,253}");
    private static final Pattern SCHEMA = Pattern.compile("[a-z_][a-z0-9_]{0,62}");
    private static final Set<String> SSL_MODES =
            Set.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");

    public StateStoreSettings {
        require(HOST.matcher(host).matches(), PATH + "host", "It is not a host.", "Set a name or an address.");
        within(port, 1, 65_535, PATH + "port");
        require(!database.isBlank(), PATH + "database", "It is not set.", "Set the name of the database.");
        require(!user.isBlank(), PATH + "user", "It is not set.", "Set the role that logs in.");
        Objects.requireNonNull(password, "password");
        require(
                SSL_MODES.contains(sslmode),
                PATH + "sslmode",
                "It is none of PostgreSQL's modes.",
                "Allowed are disable, allow, prefer, require, verify-ca, verify-full.");
        Objects.requireNonNull(sslrootcert, "sslrootcert");
        require(
                SCHEMA.matcher(schema).matches() && !schema.startsWith("pg_"),
                PATH + "schema",
                "It is not a name that needs no quotes.",
                "Use lower-case letters, digits and '_', at most 63, not starting with a digit or pg_.");
        within(connections, 1, 32, PATH + "connections");
        within(journalConnections, 1, 64, PATH + "journal-connections");
        within(connectTimeout, Duration.ofSeconds(1), Duration.ofSeconds(60), PATH + "connect-timeout");
        within(operationTimeout, Duration.ofSeconds(1), Duration.ofSeconds(60), PATH + "operation-timeout");
        within(
                journalOperationTimeout,
                Duration.ofSeconds(1),
                Duration.ofMinutes(10),
                PATH + "journal-operation-timeout");
    }

    /** {@code host:port/database}, for messages. */
    public String place() {
        return host + ":" + port + "/" + database;
    }

    /** The driver's URL; without user, password or properties. */
    public String url() {
        String literal = host.contains(":") ? "[" + host + "]" : host;
        String name = URLEncoder.encode(database, StandardCharsets.UTF_8).replace("+", "%20");
        return "jdbc:postgresql://" + literal + ":" + port + "/" + name;
    }

    /** Driver properties of a connection that serves everything but the journal, login included. */
    public Properties driverProperties(String applicationName) {
        Properties properties = new Properties();
        properties.putAll(driverProperties(applicationName, operationTimeout));
        properties.setProperty("user", user);
        if (password.isPresent()) {
            properties.setProperty("password", password.reveal());
        }
        return properties;
    }

    /** Driver properties without the login. */
    Map<String, String> driverProperties(String applicationName, Duration statementTimeout) {
        Map<String, String> properties = new TreeMap<>();
        properties.put("ApplicationName", applicationName);
        properties.put("currentSchema", schema);
        properties.put("sslmode", sslmode);
        if (!sslrootcert.isEmpty()) {
            properties.put("sslrootcert", sslrootcert);
        }
        properties.put("connectTimeout", seconds(connectTimeout));
        properties.put("loginTimeout", seconds(connectTimeout));
        // The server ends a statement that takes too long; the socket's bound is for a server that is gone.
        properties.put("socketTimeout", seconds(statementTimeout.plusSeconds(1)));
        properties.put("tcpKeepAlive", "true");
        // A node that the network lost must lose its session, and with it its locks, in some 20 s.
        properties.put(
                "options",
                "-c statement_timeout=" + statementTimeout.toMillis()
                        + " -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3");
        // Details of errors carry row values.
        properties.put("logServerErrorDetail", "false");
        return properties;
    }

    private static String seconds(Duration duration) {
        return Long.toString(Math.max(1, duration.toSeconds()));
    }
}
