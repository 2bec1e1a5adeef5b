package dev.godwit.node.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a server says of itself and of the database that we are in, for both sides alike.
 *
 * @param version major version
 * @param encoding of the database, for example {@code UTF8}
 * @param locale how the database sorts text and tells letters
 * @param standby whether the server is in recovery
 * @param settings by name, those that this class asks for and the server knows
 * @param changedCollations that were of another version when they were made; the database's own one is told as
 *     {@code the database's own}
 */
record ServerFacts(
        int version,
        String encoding,
        Locale locale,
        boolean standby,
        Map<String, Setting> settings,
        List<ChangedCollation> changedCollations) {
    /** What ends sessions of ours that work long. */
    static final List<String> TIMEOUTS = List.of(
            "statement_timeout",
            "lock_timeout",
            "idle_in_transaction_session_timeout",
            "idle_session_timeout",
            "transaction_timeout");

    private static final List<String> OTHERS = List.of(
            "archive_mode",
            "fsync",
            "full_page_writes",
            "hot_standby_feedback",
            "max_connections",
            "max_locks_per_transaction",
            "max_prepared_transactions",
            "max_standby_streaming_delay",
            "max_wal_size",
            "synchronous_standby_names");

    private static final int FIRST_VERSION_WITH_COLLATION_VERSION_OF_A_DATABASE = 15;

    /** Named collations are looked at where a user's column has them. */
    private static final String CHANGED_COLLATIONS = """
            SELECT format('%I.%I', n.nspname, c.collname), c.collversion, pg_collation_actual_version(c.oid)
            FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
            WHERE c.collversion <> pg_collation_actual_version(c.oid) AND c.oid IN (
              SELECT a.attcollation FROM pg_attribute a
              WHERE a.attcollation <> 0 AND a.attrelid >= 16384 AND NOT a.attisdropped)
            ORDER BY 1 LIMIT 20""";

    ServerFacts {
        settings = Map.copyOf(settings);
        changedCollations = List.copyOf(changedCollations);
    }

    /**
     * @param now in our session, printed with its unit
     * @param atLogin what the session began with, before our own SET; in the setting's unit, without it
     * @param origin who gave it that; empty where it is the server's configuration or default
     */
    record Setting(String now, String atLogin, String origin) {}

    /**
     * @param provider {@code libc}, {@code icu} or {@code builtin}
     * @param name of the order; with libc that of the letters' kinds too, if it is another one
     * @param version of the order as the server has it now; empty if it has none
     */
    record Locale(String provider, String name, String version) {}

    /** @param recorded version when it was made; {@code actual} the one that the server has now */
    record ChangedCollation(String name, String recorded, String actual) {}

    /** A setting's value in our session; empty if the server does not know it. */
    String now(String name) {
        Setting setting = settings.get(name);
        return setting == null ? "" : setting.now();
    }

    /** A setting that is a number without a unit. */
    long number(String name) {
        return Long.parseLong(now(name));
    }

    static ServerFacts read(Connection connection) throws SQLException {
        int version = connection.getMetaData().getDatabaseMajorVersion();
        List<ChangedCollation> changed = new ArrayList<>();
        String actual = version >= FIRST_VERSION_WITH_COLLATION_VERSION_OF_A_DATABASE
                ? "pg_database_collation_actual_version(d.oid)"
                : "NULL";
        // As JSON, since the columns' names changed with 15 and with 17.
        String sql = """
                SELECT current_setting('server_encoding'), pg_is_in_recovery(), d.datcollate, d.datctype,
                  coalesce(f.f->>'datlocprovider', 'c'), coalesce(f.f->>'datlocale', f.f->>'daticulocale'),
                  f.f->>'datcollversion', %s
                FROM pg_database d CROSS JOIN LATERAL (SELECT to_jsonb(d) AS f) f
                WHERE d.datname = current_database()""".formatted(actual);
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            String encoding = row.getString(1);
            boolean standby = row.getBoolean(2);
            Locale locale = locale(row);
            String recorded = row.getString(7);
            if (recorded != null && !locale.version().isEmpty() && !recorded.equals(locale.version())) {
                changed.add(new ChangedCollation("the database's own", recorded, locale.version()));
            }
            CatalogRows.all(
                    connection,
                    CHANGED_COLLATIONS,
                    found -> changed.add(
                            new ChangedCollation(found.getString(1), found.getString(2), found.getString(3))));
            return new ServerFacts(version, encoding, locale, standby, settings(connection), changed);
        }
    }

    private static Locale locale(ResultSet row) throws SQLException {
        String collate = row.getString(3);
        String ctype = row.getString(4);
        String version = row.getString(8);
        String provider = switch (row.getString(5)) {
            case "i" -> "icu";
            case "b" -> "builtin";
            default -> "libc";
        };
        String own = row.getString(6);
        String name = provider.equals("libc") || own == null
                ? collate.equals(ctype) ? collate : collate + " with letters of " + ctype
                : own;
        return new Locale(provider, name, version == null ? "" : version);
    }

    private static Map<String, Setting> settings(Connection connection) throws SQLException {
        Map<String, String> origins = origins(connection);
        Map<String, Setting> settings = new LinkedHashMap<>();
        List<String> names = new ArrayList<>(TIMEOUTS);
        names.addAll(OTHERS);
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT name, current_setting(name), reset_val FROM pg_settings WHERE name = ANY (?)")) {
            statement.setArray(1, connection.createArrayOf("text", names.toArray()));
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    String name = row.getString(1);
                    settings.put(name, new Setting(row.getString(2), row.getString(3), origins.getOrDefault(name, "")));
                }
            }
        }
        return settings;
    }

    /** Of the settings that are made for the role or the database; the one that wins is the last. */
    private static Map<String, String> origins(Connection connection) throws SQLException {
        Map<String, String> origins = new LinkedHashMap<>();
        String sql = """
                SELECT split_part(c, '=', 1), CASE WHEN s.setrole = 0 THEN 'the database'
                  WHEN s.setdatabase = 0 THEN 'the role' ELSE 'the role in this database' END
                FROM pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) c
                WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
                  AND s.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = session_user))
                ORDER BY s.setrole <> 0, s.setdatabase <> 0""";
        CatalogRows.all(connection, sql, row -> origins.put(row.getString(1), row.getString(2)));
        return origins;
    }
}
