package dev.godwit.load.carrier;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** pgloader, from PostgreSQL to PostgreSQL, with its defaults but for the number of threads. */
public final class Pgloader implements Carrier {
    public static final String NAME = "pgloader";

    private final Route route;
    private final String options;

    public Pgloader(Route route, int jobs) {
        this.route = route;
        this.options = "workers = " + jobs + ", concurrency = 1";
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String describe() {
        return Commands.version("pgloader") + ": " + options;
    }

    @Override
    public Carried carry(String run) {
        Path directory = route.workspace().fresh("pgloader");
        try {
            Path script = Files.writeString(directory.resolve("shop.load"), """
                    LOAD DATABASE
                      FROM %s
                      INTO %s
                      WITH %s;
                    """.formatted(
                            route.source().addressWithPassword(route.database()),
                            route.target().addressWithPassword(route.database()),
                            options));
            return new Commands(route, run)
                    .carry(List.of(
                            List.of("pgloader --no-ssl-cert-verification --root-dir " + directory + ' ' + script)));
        } catch (IOException e) {
            throw new IllegalStateException("the script could not be written", e);
        } finally {
            route.workspace().delete(directory);
        }
    }
}
