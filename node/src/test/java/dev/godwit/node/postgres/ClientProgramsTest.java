package dev.godwit.node.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.plan.SecretRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClientProgramsTest {
    @TempDir
    private Path root;

    private Path program(String directory, String name, String script) {
        try {
            Path path = Files.createDirectories(root.resolve(directory)).resolve(name);
            Files.writeString(path, "#!/bin/sh\n" + script + "\n");
            return Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwx------"));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private Path pair(String directory, int major) {
        for (String name : List.of("pg_dump", "pg_restore")) {
            program(directory, name, "echo '" + name + " (PostgreSQL) " + major + ".4 (of a test)'");
        }
        return root.resolve(directory);
    }

    private ClientPrograms fitting(int source, int target) {
        return ClientPrograms.fitting(
                new ClientProgramSearch("this node", null, root.resolve("path") + ":", root), source, target, "here");
    }

    @Test
    void takes_the_oldest_that_is_not_older_than_the_source() {
        pair("path", 17);
        pair("usr/lib/postgresql/14/bin", 14);
        Path fitting = pair("usr/lib/postgresql/15/bin", 15);
        pair("usr/pgsql-16/bin", 16);

        assertThat(fitting(15, 17)).isEqualTo(new ClientPrograms(fitting, 15));
        assertThat(fitting(16, 17).directory()).isEqualTo(root.resolve("usr/pgsql-16/bin"));
        assertThat(fitting(17, 17).directory()).isEqualTo(root.resolve("path"));
    }

    @Test
    void of_one_version_those_on_the_path_come_first() {
        pair("usr/lib/postgresql/15/bin", 15);
        Path first = pair("path", 15);

        assertThat(fitting(15, 15).directory()).isEqualTo(first);
    }

    @Test
    void says_what_was_found_where_and_what_to_do() {
        pair("usr/lib/postgresql/14/bin", 14);
        pair("usr/lib/postgresql/17/bin", 17);
        program("path", "pg_dump", "exit 1");

        assertThatThrownBy(() -> fitting(15, 16)).isInstanceOfSatisfying(GodwitException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.CLIENT_PROGRAMS_UNFIT);
            assertThat(e.problem().what())
                    .contains("15 to 16")
                    .contains("version 14 in " + root.resolve("usr/lib/postgresql/14/bin"))
                    .contains("version 17 in ")
                    .contains("without pg_restore");
            assertThat(e.problem().fix()).contains("postgresql-client-15").contains("schema: tables");
        });
        assertThatThrownBy(() -> fitting(17, 15)).hasMessageContaining("target PostgreSQL 15");
    }

    @Test
    void a_configured_directory_is_the_only_one() {
        pair("path", 15);
        Path configured = pair("own", 16);
        ClientProgramSearch search = new ClientProgramSearch(
                "node a", configured, root.resolve("path").toString(), root);

        assertThat(ClientPrograms.fitting(search, 15, 17, "").directory()).isEqualTo(configured);
        assertThatThrownBy(() -> ClientPrograms.fitting(search, 17, 17, "")).hasMessageContaining("version 16 in ");
    }

    @Test
    void a_configured_directory_without_programs_that_run_is_refused_by_the_keys_name() {
        pair("path", 15);
        program("broken", "pg_dump", "exit 1");
        program("broken", "pg_restore", "exit 1");
        String path = root.resolve("path").toString();

        assertThatThrownBy(() -> new ClientProgramSearch("node a", root.resolve("broken"), path, root).majors())
                .isInstanceOfSatisfying(GodwitException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.CLIENT_PROGRAMS_UNFIT);
                    assertThat(e.problem().where()).isEqualTo("godwit.client-programs.directory");
                    assertThat(e.problem().what()).contains("broken/pg_dump that does not tell its version");
                });
        assertThat(new ClientProgramSearch("node a", null, path, root).majors()).containsExactly(15);
        assertThat(new ClientProgramSearch("node a", null, "", root).majors()).isEmpty();
    }

    @Test
    void versions_are_read_as_all_programs_print_them() {
        assertThat(ClientPrograms.major("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"))
                .contains(15);
        assertThat(ClientPrograms.major("pg_restore (PostgreSQL) 18beta2")).contains(18);
        assertThat(ClientPrograms.major("something else 15")).isEmpty();
    }

    @Test
    void a_password_is_in_the_environment_and_never_among_the_arguments() throws IOException {
        Path seen = root.resolve("seen");
        Path secret = Files.writeString(root.resolve("secret"), "pa ss\n");
        program("own", "pg_restore", "exit 1");
        program("own", "pg_dump", "echo \"$@\" > " + seen + "; env > " + seen + ".env");
        PostgresAddress address = new PostgresAddress(
                "[::1]",
                5433,
                "it's",
                "me",
                new SecretRef(null, secret.toString()),
                "verify-full",
                Map.of("sslrootcert", "/ca.pem", "connectTimeout", "7", "channelBinding", "require"));

        SchemaArchive.dump(new ClientPrograms(root.resolve("own"), 15), address, Duration.ofSeconds(30), 1_000);

        assertThat(Files.readString(seen)).doesNotContain("pa ss").contains("--schema-only", "dbname='it\\'s'");
        assertThat(Files.readAllLines(Path.of(seen + ".env")))
                .contains(
                        "PGPASSWORD=pa ss",
                        "PGHOST=::1",
                        "PGPORT=5433",
                        "PGUSER=me",
                        "PGSSLMODE=verify-full",
                        "PGSSLROOTCERT=/ca.pem",
                        "PGCONNECT_TIMEOUT=7",
                        "PGCHANNELBINDING=require")
                .anyMatch(line -> line.startsWith("PGAPPNAME=godwit"));
    }

    @Test
    void a_program_that_takes_too_long_is_ended() {
        program("own", "pg_dump", "echo 'pg_dump: error: some words' >&2; exec sleep 600");
        program("own", "pg_restore", "exit 1");
        PostgresAddress address = new PostgresAddress("localhost", 1, "x", "x", null, "disable", Map.of());

        assertThatThrownBy(() -> SchemaArchive.dump(
                        new ClientPrograms(root.resolve("own"), 15), address, Duration.ofMillis(300), 1_000))
                .hasMessageContaining("stopped after");
    }
}
