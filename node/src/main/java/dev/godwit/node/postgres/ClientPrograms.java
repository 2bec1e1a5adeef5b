package dev.godwit.node.postgres;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * {@code pg_dump} and {@code pg_restore} of one directory.
 *
 * @param directory where both are
 * @param major PostgreSQL's major version of both
 */
record ClientPrograms(Path directory, int major) {
    private static final Pattern VERSION = Pattern.compile("\\(PostgreSQL\\) (\\d+)(?:\\D.*)?", Pattern.DOTALL);
    private static final Duration LONGEST_ANSWER = Duration.ofSeconds(20);

    Path dump() {
        return directory.resolve("pg_dump");
    }

    Path restore() {
        return directory.resolve("pg_restore");
    }

    /**
     * A pair that fits: not older than the source, whose catalogs an older {@code pg_dump} does not know, and not newer
     * than the target, since PostgreSQL promises only that newer servers take what it writes (the {@code pg_restore} of
     * 17, for example, begins with a setting that 16 refuses). Of several the oldest, then the one found first.
     *
     * @param sourceMajor PostgreSQL's major version of the source
     * @param targetMajor the same of the target
     * @param where for messages
     * @throws GodwitException with CLIENT_PROGRAMS_UNFIT where there is none; says what was found
     */
    static ClientPrograms fitting(ClientProgramSearch search, int sourceMajor, int targetMajor, String where) {
        if (targetMajor < sourceMajor) {
            throw new GodwitException(
                    ErrorCode.CLIENT_PROGRAMS_UNFIT,
                    "The source is PostgreSQL " + sourceMajor + ", the target PostgreSQL " + targetMajor
                            + ": what pg_dump writes for the newer one, the older one need not understand.",
                    where,
                    "Name a target of version " + sourceMajor + " or newer, or use schema: tables.");
        }
        List<String> found = new ArrayList<>();
        return pairs(search, found).stream()
                .filter(pair -> pair.major() >= sourceMajor && pair.major() <= targetMajor)
                .min(Comparator.comparingInt(ClientPrograms::major))
                .orElseThrow(() -> unfit(search, sourceMajor, targetMajor, found, where));
    }

    /**
     * All pairs that are found, whatever their versions.
     *
     * @param found takes what is told as found
     */
    static List<ClientPrograms> pairs(ClientProgramSearch search, List<String> found) {
        List<ClientPrograms> pairs = new ArrayList<>();
        for (Path directory : search.directories()) {
            look(directory, found).ifPresent(pairs::add);
        }
        return pairs;
    }

    private static GodwitException unfit(
            ClientProgramSearch search, int sourceMajor, int targetMajor, List<String> found, String where) {
        String versions = sourceMajor == targetMajor ? "" + sourceMajor : sourceMajor + " to " + targetMajor;
        return new GodwitException(
                ErrorCode.CLIENT_PROGRAMS_UNFIT,
                "schema: dump needs pg_dump and pg_restore of version " + versions + " on " + search.node() + ". Found "
                        + (found.isEmpty() ? "none" : String.join(", ", found)) + " in " + Sql.printable(search.text())
                        + ".",
                where,
                "Install postgresql-client-" + sourceMajor + " on every node"
                        + (search.configured() == null
                                ? ", or name the directory of such programs (" + ClientProgramSearch.KEY + ")"
                                : ", or name another directory (" + ClientProgramSearch.KEY + ")")
                        + ", or use schema: tables.");
    }

    /** Adds to what is told as found. */
    private static Optional<ClientPrograms> look(Path directory, List<String> found) {
        Path dump = directory.resolve("pg_dump");
        Path restore = directory.resolve("pg_restore");
        if (!Files.isExecutable(dump) || isWrapper(dump)) {
            return Optional.empty();
        }
        if (!Files.isExecutable(restore)) {
            found.add(Sql.printable(dump.toString()) + " without pg_restore");
            return Optional.empty();
        }
        Set<Integer> majors = new TreeSet<>();
        for (Path program : List.of(dump, restore)) {
            Optional<Integer> major = major(program);
            if (major.isEmpty()) {
                found.add(Sql.printable(program.toString()) + " that does not tell its version");
                return Optional.empty();
            }
            majors.add(major.get());
        }
        String versions = majors.stream().map(String::valueOf).collect(Collectors.joining(" and "));
        found.add("version " + versions + " in " + Sql.printable(directory.toString()));
        return majors.size() == 1
                ? Optional.of(new ClientPrograms(directory, majors.iterator().next()))
                : Optional.empty();
    }

    /** Debian's stands for a program of whatever version it chooses by the arguments; the programs are found too. */
    private static boolean isWrapper(Path program) {
        try {
            return program.toRealPath().endsWith("pg_wrapper");
        } catch (IOException e) {
            return false;
        }
    }

    private static Optional<Integer> major(Path program) {
        try {
            ClientProgram.Outcome outcome = ClientProgram.run(
                    List.of(program.toString(), "--version"), ClientProgram.environment(), LONGEST_ANSWER, 1 << 12);
            return outcome.isGood() ? major(new String(outcome.output(), StandardCharsets.UTF_8)) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** @param answer for example {@code pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)} */
    static Optional<Integer> major(String answer) {
        Matcher matcher = VERSION.matcher(answer);
        return matcher.find() ? Optional.of(Integer.valueOf(matcher.group(1))) : Optional.empty();
    }
}
