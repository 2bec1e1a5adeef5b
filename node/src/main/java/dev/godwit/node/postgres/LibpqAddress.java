package dev.godwit.node.postgres;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.PostgresAddress;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A plan's address for programs that use libpq, meaning what it means for the driver in {@link SessionSource}. All of it
 * is in the environment, which other users of the machine can't read, but for what libpq takes as an argument alone.
 */
final class LibpqAddress {
    /** A path that can't exist: libpq then verifies no certificate where the mode does not ask for it. */
    private static final String NO_FILE = "/dev/null/none";

    private final Map<String, String> environment;
    private final String argument;

    private LibpqAddress(Map<String, String> environment, String argument) {
        this.environment = Map.copyOf(environment);
        this.argument = argument;
    }

    /**
     * @param applicationName as {@code pg_stat_activity} shows it
     * @throws GodwitException with a PLAN_ code where the address holds what is not allowed, SECRET_MISSING, or
     *     CLIENT_PROGRAMS_UNFIT where it holds what libpq can't read
     */
    static LibpqAddress of(PostgresAddress address, Side side, String applicationName) {
        SessionSource validated = new SessionSource(address, side, applicationName);
        Map<String, String> environment = ClientProgram.environment();
        environment.put("PGHOST", SessionSource.withoutBrackets(address.host()));
        environment.put("PGPORT", Integer.toString(address.port()));
        environment.put("PGUSER", address.user());
        String password = Secrets.resolve(address.password(), System::getenv, address.place());
        if (password != null) {
            environment.put("PGPASSWORD", password);
        } else if (System.getenv("PGPASSFILE") != null) {
            environment.put("PGPASSFILE", System.getenv("PGPASSFILE"));
        }
        environment.put("PGAPPNAME", applicationName);
        // The driver encrypts by GSS only where a server demands it.
        environment.put("PGGSSENCMODE", "disable");
        environment.put("PGCONNECT_TIMEOUT", Integer.toString(validated.getLoginTimeout()));
        tls(address, environment);
        Map<String, String> properties = address.properties();
        copy(properties, "connectTimeout", environment, "PGCONNECT_TIMEOUT");
        copy(properties, "channelBinding", environment, "PGCHANNELBINDING");
        boolean keepAlive = !"false".equalsIgnoreCase(properties.get("tcpKeepAlive"));
        // As an argument, since a name with an equals sign alone would be read as more than a name.
        String argument = "dbname=" + quoted(address.database())
                + (keepAlive ? " keepalives_idle=30 keepalives_interval=10 keepalives_count=3" : " keepalives=0");
        return new LibpqAddress(environment, argument);
    }

    private static void tls(PostgresAddress address, Map<String, String> environment) {
        Map<String, String> properties = address.properties();
        environment.put("PGSSLMODE", address.sslmode());
        if (address.sslmode().startsWith("verify-")) {
            copy(properties, "sslrootcert", environment, "PGSSLROOTCERT");
        } else {
            // Where there is a file, libpq would verify with "require" too; the driver does not.
            environment.put("PGSSLROOTCERT", NO_FILE);
        }
        copy(properties, "sslcert", environment, "PGSSLCERT");
        copy(properties, "sslkey", environment, "PGSSLKEY");
        List<Problem> obstacles = obstacles(address);
        if (!obstacles.isEmpty()) {
            throw new GodwitException(obstacles.get(0));
        }
    }

    /** Why programs that use libpq can't use the address; empty if they can. */
    static List<Problem> obstacles(PostgresAddress address) {
        String key = address.properties().getOrDefault("sslkey", "").toLowerCase(Locale.ROOT);
        return key.endsWith(".p12") || key.endsWith(".pfx")
                ? List.of(new Problem(
                        ErrorCode.CLIENT_PROGRAMS_UNFIT,
                        "pg_dump and pg_restore can't read an sslkey in PKCS #12.",
                        address.place(),
                        "Name certificate and key as sslcert and sslkey, the key in DER, or use schema: tables."))
                : List.of();
    }

    private static void copy(Map<String, String> from, String property, Map<String, String> to, String variable) {
        if (from.containsKey(property)) {
            to.put(variable, from.get(property));
        }
    }

    private static String quoted(String text) {
        return '\'' + text.replace("\\", "\\\\").replace("'", "\\'") + '\'';
    }

    /** All variables that the program may see. Holds the password: never for a log. */
    Map<String, String> environment() {
        return environment;
    }

    /** Value of {@code --dbname}. Holds no secret. */
    String argument() {
        return argument;
    }
}
