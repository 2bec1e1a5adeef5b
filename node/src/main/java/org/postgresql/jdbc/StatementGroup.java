package org.postgresql.jdbc;

import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.postgresql.core.CachedQuery;
import org.postgresql.core.Oid;
import org.postgresql.core.ParameterList;
import org.postgresql.core.Query;
import org.postgresql.core.QueryExecutor;

/**
 * Different statements that are sent together, before the first one is answered: one way to the server and back for all of
 * them. JDBC can do that only for one statement with many values, or many without values. It stands in the driver's package
 * since the constructor of {@code BatchResultHandler} is the package's own. The server keeps each statement prepared for the
 * next group with the same text.
 *
 * <p>Owned by one thread; for statements that return no rows, in a session without autocommit. Where one fails, the others
 * behind it are not done.
 */
public final class StatementGroup {
    private final PgConnection session;
    private final Map<String, CachedQuery> borrowed = new HashMap<>();
    private final List<Query> statements = new ArrayList<>();
    private final List<ParameterList> parameters = new ArrayList<>();
    private final List<Long> touched = new ArrayList<>();

    public StatementGroup(Connection session) throws SQLException {
        this.session = session.unwrap(PgConnection.class);
    }

    /** @param texts of the parameters, null for NULL, each of the type that the statement casts it to */
    public void add(String sql, String... texts) throws SQLException {
        CachedQuery cached = borrowed.get(sql);
        if (cached == null) {
            cached = session.getQueryExecutor().borrowQuery(sql);
            borrowed.put(sql, cached);
        }
        ParameterList values = cached.query.createParameterList();
        for (int i = 0; i < texts.length; i++) {
            if (texts[i] == null) {
                values.setNull(i + 1, Oid.UNSPECIFIED);
            } else {
                values.setStringParameter(i + 1, texts[i], Oid.UNSPECIFIED);
            }
        }
        statements.add(cached.query);
        parameters.add(values);
    }

    /**
     * Does them in the order in which they were added. After it, or after it has failed, the group is empty.
     *
     * @throws SQLException of the one that failed, the first of which {@link #touched} does not tell
     */
    public void execute() throws SQLException {
        touched.clear();
        QueryExecutor executor = session.getQueryExecutor();
        try (PgStatement owner = session.createStatement().unwrap(PgStatement.class)) {
            if (!statements.isEmpty()) {
                Query[] queries = statements.toArray(Query[]::new);
                ParameterList[] values = parameters.toArray(ParameterList[]::new);
                executor.execute(
                        queries, values, answers(owner, queries, values), 0, 0, QueryExecutor.QUERY_NO_RESULTS);
            }
        } catch (BatchUpdateException e) {
            throw e.getCause() instanceof SQLException why ? why : e;
        } finally {
            borrowed.values().forEach(executor::releaseQuery);
            borrowed.clear();
            statements.clear();
            parameters.clear();
        }
    }

    private BatchResultHandler answers(PgStatement owner, Query[] queries, ParameterList[] values) {
        return new BatchResultHandler(owner, queries, values, false) {
            @Override
            public void handleCommandStatus(String status, long rows, long oid) {
                super.handleCommandStatus(status, rows, oid);
                if (getException() == null) {
                    touched.add(rows);
                }
            }
        };
    }

    /** How many rows each has touched, of those that were done when it was last executed. */
    public List<Long> touched() {
        return touched;
    }
}
