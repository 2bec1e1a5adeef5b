package dev.godwit.load.carrier;

import static dev.godwit.load.carrier.DumpAndRestore.quoted;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** pgcopydb, of whatever version, with the fastest of the options that it knows. */
public final class Pgcopydb implements Carrier {
    public static final String NAME = "pgcopydb";

    /** Leave out what the others don't do either, and what costs time; in the order of the versions that brought them. */
    private static final List<String> FASTEST = List.of(
            "--no-owner",
            "--no-acl",
            "--no-comments",
            "--skip-large-objects",
            "--skip-extensions",
            "--skip-collations",
            "--skip-vacuum",
            "--skip-analyze",
            "--skip-db-properties",
            "--with-copy-binary",
            "--use-copy-binary");

    private final Route route;
    private final String program;
    private final String options;

    /**
     * @param program its name on the path, or its path
     * @param jobs for tables, and for indexes
     * @param splitAt above which size a table is split, as pgcopydb takes it; empty: none is
     */
    public Pgcopydb(Route route, String program, int jobs, String splitAt) {
        this.route = route;
        this.program = program;
        String help = Commands.output(program, "clone", "--help");
        Stream<String> known = FASTEST.stream().filter(option -> help.contains(option + " "));
        Stream<String> split = splitAt.isEmpty() ? Stream.empty() : Stream.of("--split-tables-larger-than " + splitAt);
        this.options = Stream.concat(
                        Stream.of("--table-jobs " + jobs, "--index-jobs " + jobs), Stream.concat(split, known))
                .collect(Collectors.joining(" "));
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String describe() {
        return Commands.version(program) + ": pgcopydb clone " + options;
    }

    @Override
    public Carried carry(String run) {
        Path directory = route.workspace().fresh("pgcopydb");
        try {
            return new Commands(route, run)
                    .carry(List.of(List.of(program + " clone --dir " + directory + " --source "
                            + quoted(route.source().address(route.database())) + " --target "
                            + quoted(route.target().address(route.database())) + ' ' + options)));
        } finally {
            route.workspace().delete(directory);
        }
    }
}
