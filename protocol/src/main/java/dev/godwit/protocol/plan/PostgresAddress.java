package dev.godwit.protocol.plan;

import java.util.Map;
import java.util.Objects;

/**
 * Where a PostgreSQL database is and who logs in. Structured fields only: a driver URL could load classes.
 *
 * @param host name or address
 * @param port 1 to 65535, default 5432
 * @param database name of the database
 * @param user role that logs in
 * @param password reference to the password; null if the server asks for none
 * @param sslmode {@code disable}, {@code allow}, {@code prefer}, {@code require}, {@code verify-ca} or
 *     {@code verify-full}; default {@code prefer}
 * @param properties further driver properties from an allow-list: {@code sslrootcert}, {@code sslcert},
 *     {@code sslkey}, {@code connectTimeout}, {@code tcpKeepAlive}, {@code channelBinding}
 */
public record PostgresAddress(
        String host,
        int port,
        String database,
        String user,
        SecretRef password,
        String sslmode,
        Map<String, String> properties) {
    public PostgresAddress {
        Objects.requireNonNull(host, "host");
        Objects.requireNonNull(database, "database");
        Objects.requireNonNull(user, "user");
        sslmode = Objects.requireNonNullElse(sslmode, "prefer");
        properties = properties == null ? Map.of() : Map.copyOf(properties);
    }

    /** {@code host:port/database}, for messages. */
    public String place() {
        return host + ":" + port + "/" + database;
    }
}
