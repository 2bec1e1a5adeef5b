package dev.godwit.node.postgres;

import dev.godwit.node.postgres.TableOfContents.Entry;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.PostgresAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A source's schema as {@code pg_dump} writes it, in its custom format: never a script, since a script may hold commands
 * that the client carries out (CVE-2025-8714). While it is open its bytes are in a file that nobody else may read.
 *
 * <p>Two archives of one source number their entries differently. Whoever resumes a restore needs the bytes that it
 * began with.
 */
final class SchemaArchive implements AutoCloseable {
    /** Most bytes of an archive. */
    static final int MOST_BYTES = 512 << 20;

    /** Longest time that a dump or the restore of a chunk may take: with 100,000s of tables a dump takes minutes. */
    static final Duration LONGEST = Duration.ofHours(2);

    private static final int MOST_BYTES_OF_LISTING = 512 << 20;
    private static final String APPLICATION = "godwit schema";

    private final ClientPrograms programs;
    private final Path directory;
    private final TableOfContents contents;

    /** What may be restored of an object beside itself. */
    enum Keep {
        /** Else everything belongs to the user that restores. */
        OWNERS,

        /** Grants, also the default ones. */
        PRIVILEGES,

        /** Else everything goes into the database's own one. */
        TABLESPACES
    }

    private SchemaArchive(ClientPrograms programs, Path directory) throws IOException {
        this.programs = programs;
        this.directory = directory;
        this.contents =
                TableOfContents.parse(list("--verbose"), list("--section=pre-data"), list("--section=post-data"));
    }

    /**
     * Asks the source for its whole schema, without publications and subscriptions. Locks every table of the source
     * against being altered while it runs.
     *
     * <p>The archive may hold secrets: the options of user mappings.
     *
     * @param mostBytes more is an error
     * @throws GodwitException as {@link ClientComplaints} and {@link LibpqAddress} say; SOURCE_FAILED where it takes too
     *     long, is too large, or the thread is interrupted
     */
    static byte[] dump(ClientPrograms programs, PostgresAddress source, Duration limit, int mostBytes) {
        LibpqAddress address = LibpqAddress.of(source, Side.SOURCE, APPLICATION);
        List<String> command = List.of(
                programs.dump().toString(),
                "--format=custom",
                "--schema-only",
                "--no-publications",
                "--no-subscriptions",
                // A newer target may have words for itself that the source has for names.
                "--quote-all-identifiers",
                "--no-password",
                "--dbname=" + address.argument());
        ClientProgram.Outcome outcome = run(command, address, limit, mostBytes);
        if (!outcome.isGood()) {
            throw ClientComplaints.translate("pg_dump", outcome, Side.SOURCE, limit, source.place());
        }
        return outcome.output();
    }

    /** @throws GodwitException with INTERNAL where the bytes are no archive, or can't be kept in a file */
    static SchemaArchive open(ClientPrograms programs, byte[] bytes) {
        Path directory = null;
        try {
            directory = Files.createTempDirectory("godwit-schema", permissions("rwx------"));
            Files.write(Files.createFile(archive(directory), permissions("rw-------")), bytes);
            return new SchemaArchive(programs, directory);
        } catch (IOException e) {
            delete(directory);
            throw new GodwitException(
                    ErrorCode.INTERNAL,
                    "The archive of the source's schema can't be kept in a file ("
                            + e.getClass().getSimpleName() + ").",
                    "",
                    "Free space where java.io.tmpdir is, and let the node's user write there.");
        } catch (RuntimeException e) {
            delete(directory);
            throw e;
        }
    }

    TableOfContents contents() {
        return contents;
    }

    /**
     * Restores these entries, in this order and in one transaction: all of them or none.
     *
     * @throws GodwitException as {@link ClientComplaints} and {@link LibpqAddress} say; TARGET_FAILED where it takes too
     *     long or the thread is interrupted. Whether the transaction was committed is not known then, nor where the
     *     connection was lost
     */
    void restore(List<Entry> entries, PostgresAddress target, Set<Keep> keep, Duration limit) {
        LibpqAddress address = LibpqAddress.of(target, Side.TARGET, APPLICATION);
        Path list = null;
        try {
            list = Files.createTempFile(directory, "chunk", ".list");
            Files.writeString(list, TableOfContents.useList(entries), StandardCharsets.US_ASCII);
            ClientProgram.Outcome outcome = run(restoring(list, keep, address), address, limit, 1 << 16);
            if (!outcome.isGood()) {
                String where = ClientComplaints.entry(outcome)
                        .map(contents.entries()::get)
                        .map(entry -> entry.printable() + " in " + target.place())
                        .orElse(target.place());
                throw ClientComplaints.translate("pg_restore", outcome, Side.TARGET, limit, where);
            }
        } catch (IOException e) {
            throw cannotRun(e);
        } finally {
            if (list != null) {
                list.toFile().delete();
            }
        }
    }

    /**
     * Sections are not named: a comment at the head of a list would be taken for one of another section. Verbose, since
     * it then tells at which entry it failed.
     */
    private List<String> restoring(Path list, Set<Keep> keep, LibpqAddress address) {
        List<String> command = new ArrayList<>(List.of(
                programs.restore().toString(),
                "--single-transaction",
                "--exit-on-error",
                "--verbose",
                "--no-password",
                "--use-list=" + list,
                "--dbname=" + address.argument()));
        if (!keep.contains(Keep.OWNERS)) {
            command.add("--no-owner");
        }
        if (!keep.contains(Keep.PRIVILEGES)) {
            command.add("--no-privileges");
        }
        if (!keep.contains(Keep.TABLESPACES)) {
            command.add("--no-tablespaces");
        }
        command.add(archive(directory).toString());
        return command;
    }

    private String list(String option) throws IOException {
        List<String> command = List.of(
                programs.restore().toString(),
                "--list",
                option,
                archive(directory).toString());
        ClientProgram.Outcome outcome =
                ClientProgram.run(command, ClientProgram.environment(), LONGEST, MOST_BYTES_OF_LISTING);
        if (!outcome.isGood()) {
            throw new GodwitException(
                    ErrorCode.INTERNAL,
                    "pg_restore can't read the archive of the source's schema.",
                    programs.restore().toString(),
                    "Use the same version of the client programs on every node.");
        }
        return new String(outcome.output(), StandardCharsets.UTF_8);
    }

    private static ClientProgram.Outcome run(List<String> command, LibpqAddress address, Duration limit, int most) {
        try {
            return ClientProgram.run(command, address.environment(), limit, most);
        } catch (IOException e) {
            throw cannotRun(e);
        }
    }

    private static GodwitException cannotRun(IOException e) {
        return new GodwitException(
                ErrorCode.CLIENT_PROGRAMS_UNFIT,
                "pg_dump or pg_restore can't be run on this node ("
                        + e.getClass().getSimpleName() + ").",
                "",
                "Install them on every node, or use schema: tables.");
    }

    private static Path archive(Path directory) {
        return directory.resolve("schema.dump");
    }

    private static FileAttribute<?> permissions(String text) {
        return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(text));
    }

    private static void delete(Path directory) {
        if (directory == null) {
            return;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            // The system clears its temporary files.
        }
    }

    @Override
    public void close() {
        delete(directory);
    }
}
