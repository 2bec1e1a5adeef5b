package dev.godwit.load.apply;

import dev.godwit.load.carrier.Route;
import java.sql.Connection;
import java.sql.SQLException;

/** Keeps everybody from writing the target's tables until it is closed. They can be read. */
final class Held implements AutoCloseable {
    private final Connection target;

    Held(Route route, ChangeLoad load) throws SQLException {
        target = route.target().connect(route.database());
        target.setAutoCommit(false);
        target.createStatement().execute("LOCK TABLE " + String.join(", ", load.names()) + " IN EXCLUSIVE MODE");
    }

    @Override
    public void close() throws SQLException {
        target.rollback();
        target.close();
    }
}
