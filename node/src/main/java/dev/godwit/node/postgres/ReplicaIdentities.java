package dev.godwit.node.postgres;

import dev.godwit.node.capture.KeyOrder;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** By what the stream of changes tells which row was changed. */
final class ReplicaIdentities {
    /**
     * The index of the identity; with FULL the best key that there is. A deferrable one is not an identity, and generated
     * columns are not in the stream. Text is in the order of its bytes with the collations C and POSIX and those that are
     * built in.
     */
    private static final String KEYS = """
            SELECT c.oid, c.relreplident, ix.columns, ix.types, ix.by_bytes, ix.sorted
            FROM pg_class c LEFT JOIN LATERAL (
              SELECT ARRAY_AGG(a.attname::text ORDER BY k.place) AS columns,
                ARRAY_AGG(format_type(a.atttypid, a.atttypmod) ORDER BY k.place) AS types,
                ARRAY_AGG(coalesce(pg_encoding_to_char(d.encoding) = 'UTF8' AND CASE co.collprovider
                    WHEN 'd' THEN coalesce(d.d->>'datlocprovider', 'c') = 'b'
                      OR coalesce(d.d->>'datlocprovider', 'c') = 'c' AND d.datcollate IN ('C', 'POSIX')
                    WHEN 'c' THEN co.collcollate IN ('C', 'POSIX') ELSE co.collprovider = 'b' END, false)
                  ORDER BY k.place) AS by_bytes,
                BOOL_AND(am.amname = 'btree' AND i.indoption[k.place] = 0 AND i.indcollation[k.place] = a.attcollation
                  AND oc.opcdefault AND oc.oid < 16384) AS sorted
              FROM pg_index i
              JOIN pg_class ic ON ic.oid = i.indexrelid
              JOIN pg_am am ON am.oid = ic.relam
              CROSS JOIN LATERAL generate_series(0, i.indnkeyatts - 1) k (place)
              JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.place]
              JOIN pg_opclass oc ON oc.oid = i.indclass[k.place]
              LEFT JOIN pg_collation co ON co.oid = a.attcollation
              CROSS JOIN (SELECT datcollate, encoding, to_jsonb(db) AS d FROM pg_database db
                          WHERE datname = current_database()) d
              WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indisready AND i.indislive
                AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
                AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident
                    WHEN 'f' THEN true ELSE false END
              GROUP BY i.indexrelid, i.indisprimary, i.indnkeyatts, ic.relname
              HAVING COUNT(*) = i.indnkeyatts AND BOOL_AND(a.attnotnull AND a.attgenerated = '')
              ORDER BY i.indisprimary DESC, i.indnkeyatts, ic.relname LIMIT 1) ix ON true
            WHERE c.oid = ANY (?)""";

    private static final char FULL = 'f';

    private ReplicaIdentities() {}

    /**
     * @param kind {@code relreplident}: d, n, f or i
     * @param columns of the key by which rows are found; empty if there is none
     * @param ordered whether ranges of the key can be read by its index, and be told apart outside of the source
     */
    record Identity(char kind, List<String> columns, boolean ordered) {
        Identity {
            columns = List.copyOf(columns);
        }

        /** Whether updates and deletes can be captured, and are possible at the source once its changes are published. */
        boolean isUsable() {
            return kind == FULL || !columns.isEmpty();
        }
    }

    /** @param oids of tables, as {@code oid[]} */
    static Map<Long, Identity> of(Connection connection, Array oids) throws SQLException {
        Map<Long, Identity> identities = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(KEYS)) {
            statement.setArray(1, oids);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    identities.put(row.getLong(1), identity(row));
                }
            }
        }
        return identities;
    }

    private static Identity identity(ResultSet row) throws SQLException {
        char kind = row.getString(2).charAt(0);
        if (row.getArray(3) == null) {
            return new Identity(kind, Collections.emptyList(), false);
        }
        String[] columns = (String[]) row.getArray(3).getArray();
        String[] types = (String[]) row.getArray(4).getArray();
        Boolean[] byBytes = (Boolean[]) row.getArray(5).getArray();
        boolean ordered = row.getBoolean(6);
        for (int i = 0; i < types.length; i++) {
            ordered &= KeyOrder.canCompare(types[i], byBytes[i]);
        }
        return new Identity(kind, List.of(columns), ordered);
    }
}
