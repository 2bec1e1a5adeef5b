package dev.godwit.node.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.cluster.Api;
import dev.godwit.node.cluster.Database;
import dev.godwit.node.cluster.NodeJvm;
import dev.godwit.node.cluster.Postgres;
import dev.godwit.node.cluster.TestCluster;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.status.Health;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.TableState;
import dev.godwit.protocol.status.TableStatus;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The target's disk is full in mid-copy. */
class TargetDiskFullTest {
    private static final Duration ENOUGH = Duration.ofSeconds(90);

    private final Database source = Postgres.source().database("source");
    private final TestCluster cluster =
            new TestCluster("disk-full", Postgres.source().database("state"));
    private RestartableServer targetServer;
    private SmallDisk disk;

    @BeforeEach
    void fill() {
        source.fill("big", 20_000, 1000);
        source.fill("small", 2000, 1000);
        source.run("CREATE TABLE tiny AS SELECT i AS id, md5(i::text) AS text FROM generate_series(1, 100) i");
    }

    /** @param mebibytes of the tablespace "limited" */
    private Database startTarget(int mebibytes) {
        disk = SmallDisk.mount(mebibytes);
        targetServer = RestartableServer.start();
        targetServer.database("postgres").run("CREATE TABLESPACE limited LOCATION '" + disk.directory() + "'");
        return targetServer.database();
    }

    @AfterEach
    void stop() {
        cluster.close();
        if (targetServer != null) {
            targetServer.close();
        }
        if (disk != null) {
            disk.close();
        }
    }

    @Test
    void pauses_only_the_table_whose_disk_is_full_and_completes_it_after_space_was_made() {
        Database target = startTarget(8);
        target.run(
                "CREATE TABLE big (id bigint, version int, payload text) TABLESPACE limited",
                "CREATE TABLE small (id bigint, version int, payload text)",
                "CREATE TABLE tiny (id int, text text)");
        NodeJvm node = cluster.startOne();
        Api api = cluster.api();

        PlanYaml.of("table-on-small-disk", source, target)
                .withSchema("existing")
                .submit(node);
        await().atMost(ENOUGH).until(() -> api.status("table-on-small-disk").tablesDone() == 2);
        MigrationStatus stalled = await().atMost(ENOUGH)
                .until(() -> api.status("table-on-small-disk"), now -> now.health() == Health.STALLED);

        assertThat(stalled.tablesPaused()).isEqualTo(1);
        assertThat(stalled.reason()).contains("1 tables are paused");
        assertThat(stalled.problems()).singleElement().satisfies(problem -> {
            assertThat(problem.code()).isEqualTo(ErrorCode.TARGET_DISK_FULL);
            assertThat(problem.what()).contains("53100", "No space left on device");
            assertThat(problem.where()).contains("public.big");
            assertThat(problem.fix()).isEqualTo("Free space on the target's disk, then resume.");
        });
        assertThat(target.content("small")).isEqualTo(source.content("small"));
        assertThat(target.content("tiny")).isEqualTo(source.content("tiny"));

        disk.resize(64);
        api.act("table-on-small-disk", "resume");
        api.awaitPhase("table-on-small-disk", Phase.COMPLETED, ENOUGH);
        assertThat(target.content("big")).isEqualTo(source.content("big"));
    }

    @Test
    void pauses_what_meets_the_full_disk_of_the_whole_database_and_completes_after_space_was_made() {
        startTarget(24);
        targetServer.database("postgres").run("CREATE DATABASE whole TABLESPACE limited");
        Database target = targetServer.database("whole");
        NodeJvm node = cluster.startOne();
        Api api = cluster.api();

        PlanYaml.of("database-on-small-disk", source, target).submit(node);
        await().atMost(ENOUGH)
                .until(
                        () -> api.status("database-on-small-disk"),
                        now -> now.health() == Health.STALLED && now.tablesPaused() > 0);

        assertThat(api.tables("database-on-small-disk"))
                .filteredOn(table -> table.state() == TableState.PAUSED)
                .extracting(TableStatus::problem)
                .allSatisfy(problem -> assertThat(problem.code()).isEqualTo(ErrorCode.TARGET_DISK_FULL));
        assertThat(node.alive()).isTrue();

        disk.resize(128);
        api.act("database-on-small-disk", "resume");
        api.awaitPhase("database-on-small-disk", Phase.COMPLETED, ENOUGH);
        assertThat(target.contents()).isEqualTo(source.contents());
    }
}
