package dev.godwit.load.carrier;

import dev.godwit.load.postgres.BenchServer;
import java.util.ArrayList;
import java.util.List;

/**
 * The practical limit: pipes from psql to psql, as many as there are workers, in COPY's binary format, each with an equal
 * range of one table.
 */
public final class PsqlPipes implements Carrier {
    public static final String NAME = "psql";

    private final Route route;
    private final Piped table;
    private final int pipes;

    /**
     * What is piped.
     *
     * @param name of the table, with its schema
     * @param byBlocks whether the ranges are of blocks, else of the column {@code id}, which begins at 1
     * @param before statements for the target before the pipes
     * @param after statements for the target after them
     */
    public record Piped(String name, boolean byBlocks, List<String> before, List<String> after) {}

    public PsqlPipes(Route route, Piped table, int pipes) {
        this.route = route;
        this.table = table;
        this.pipes = pipes;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String describe() {
        return Commands.version("psql") + ", one binary pipe a worker, equal ranges of "
                + (table.byBlocks() ? "blocks" : "keys");
    }

    @Override
    public Carried carry(String run) {
        List<List<String>> steps = new ArrayList<>();
        table.before().forEach(sql -> steps.add(List.of(psql(route.target(), sql))));
        steps.add(ranges().stream().map(this::pipe).toList());
        table.after().forEach(sql -> steps.add(List.of(psql(route.target(), sql))));
        return new Commands(route, run).carry(steps);
    }

    /** Reads the table once, so that the first round finds it in memory as the later ones do. */
    public void warmUp() {
        new Commands(route, "warm-up").run(List.of(psql(route.source(), copyOut("true")) + " > /dev/null"));
    }

    private List<String> ranges() {
        List<String> ranges = new ArrayList<>();
        long end = Long.parseLong(route.source()
                .ask(
                        route.database(),
                        table.byBlocks()
                                ? "SELECT pg_relation_size('" + table.name()
                                        + "') / current_setting('block_size')::bigint"
                                : "SELECT max(id) FROM " + table.name()));
        for (int i = 0; i < pipes; i++) {
            String from = place(end * i / pipes);
            String to = place(end * (i + 1) / pipes);
            String column = table.byBlocks() ? "ctid" : "id";
            ranges.add(column + " >= " + from + (i == pipes - 1 ? "" : " AND " + column + " < " + to));
        }
        return ranges;
    }

    private String place(long number) {
        return table.byBlocks() ? "'(" + number + ",0)'" : Long.toString(number);
    }

    private String pipe(String range) {
        return psql(route.source(), copyOut(range)) + " | "
                + psql(route.target(), "COPY " + table.name() + " FROM STDIN (FORMAT binary)");
    }

    private String copyOut(String range) {
        return "COPY (SELECT * FROM " + table.name() + " WHERE " + range + ") TO STDOUT (FORMAT binary)";
    }

    private String psql(BenchServer server, String sql) {
        return "psql -X -q -v ON_ERROR_STOP=1 -d '" + server.address(route.database()) + "' -c \"" + sql + '"';
    }
}
