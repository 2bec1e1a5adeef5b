package dev.godwit.load.apply;

import dev.godwit.load.carrier.Route;
import dev.godwit.load.postgres.BenchServer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** PostgreSQL's own logical replication: the rows of the beginning are made as at the source, and not copied. */
final class Subscription implements Follower {
    static final String NAME = "subscription";

    private static final String OPTIONS = "copy_data = false, binary = true";
    private static final long POLL_NANOS = 20_000_000;

    private final Route route;
    private final ChangeLoad load;

    Subscription(Route route, ChangeLoad load) {
        this.route = route;
        this.load = load;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String describe() {
        return "PostgreSQL's own: CREATE SUBSCRIPTION … WITH (" + OPTIONS + "), one apply worker";
    }

    @Override
    public void begin(String run) {
        List<String> statements = new ArrayList<>(List.of("SET ROLE " + BenchServer.ROLE));
        statements.addAll(load.tables());
        statements.add("RESET ROLE");
        statements.add("ANALYZE");
        statements.add("CREATE SUBSCRIPTION followed CONNECTION 'host=127.0.0.1 port="
                + route.source().port() + " dbname=" + route.database() + " user=" + BenchServer.ROLE + " password="
                + route.workspace().password() + "' PUBLICATION followed WITH (" + OPTIONS + ")");
        route.source()
                .execute(
                        route.database(),
                        "DROP PUBLICATION IF EXISTS followed",
                        "CREATE PUBLICATION followed FOR TABLES IN SCHEMA public");
        route.target().execute(route.database(), statements.toArray(String[]::new));
        while (!route.source()
                .ask("postgres", "SELECT count(*) FROM pg_replication_slots WHERE active")
                .equals("1")) {
            LockSupport.parkNanos(POLL_NANOS);
        }
    }

    /** Its worker is one of the target's processes. */
    @Override
    public double processorSeconds() {
        return 0;
    }

    @Override
    public void end() {
        route.target()
                .execute(
                        route.database(),
                        "ALTER SUBSCRIPTION followed DISABLE",
                        "ALTER SUBSCRIPTION followed SET (slot_name = NONE)",
                        "DROP SUBSCRIPTION followed");
        route.source().dropSlots();
        route.source().execute(route.database(), "DROP PUBLICATION followed");
    }
}
