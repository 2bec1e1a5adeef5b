package dev.godwit.load.carrier;

import java.nio.file.Path;
import java.util.List;

/** PostgreSQL's own pg_dump and pg_restore, by a directory of uncompressed files, one after the other. */
public final class DumpAndRestore implements Carrier {
    public static final String NAME = "pg_dump";

    private final Route route;
    private final int jobs;

    public DumpAndRestore(Route route, int jobs) {
        this.route = route;
        this.jobs = jobs;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String describe() {
        return Commands.version("pg_dump") + ": " + dump("…", "…") + ", then " + restore("…", "…");
    }

    @Override
    public Carried carry(String run) {
        Path directory = route.workspace().fresh("pg_dump");
        try {
            return new Commands(route, run)
                    .carry(List.of(
                            List.of(dump(
                                    directory.toString(), quoted(route.source().address(route.database())))),
                            List.of(restore(
                                    directory.toString(), quoted(route.target().address(route.database()))))));
        } finally {
            route.workspace().delete(directory);
        }
    }

    private String dump(String directory, String database) {
        return "pg_dump -Fd -Z0 --no-sync -j" + jobs + " -f " + directory + " -d " + database;
    }

    private String restore(String directory, String database) {
        return "pg_restore --exit-on-error --no-owner --no-acl -j" + jobs + " -d " + database + ' ' + directory;
    }

    static String quoted(String text) {
        return '\'' + text + '\'';
    }
}
