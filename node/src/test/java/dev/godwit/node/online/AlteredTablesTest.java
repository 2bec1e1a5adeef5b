package dev.godwit.node.online;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.godwit.node.cluster.Api;
import dev.godwit.node.cluster.Database;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.TableState;
import dev.godwit.protocol.status.TableStatus;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** The source alters tables while it is followed. */
class AlteredTablesTest extends OnlineCluster {
    private TableStatus table(Api api, String name) {
        return api.tables(migration).stream()
                .filter(table -> table.table().equals("public." + name))
                .findFirst()
                .orElseThrow();
    }

    private void awaitHalted(Api api, String name) {
        await(name + " pauses").atMost(ENOUGH).until(() -> table(api, name).state() == TableState.PAUSED);
        assertThat(table(api, name).problem().code()).isEqualTo(ErrorCode.SOURCE_TABLE_CHANGED);
    }

    private void assertEqual(String table) {
        String digest = "SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM " + table + " t";
        await(table + " is equal")
                .atMost(ENOUGH)
                .until(() -> databases
                        .source()
                        .text(digest)
                        .equals(databases.target().text(digest)));
    }

    @Test
    void columns_that_are_added_in_mid_copy_and_later_are_followed_though_a_node_dies() {
        Database source = databases.source();
        source.fill("item", 8000, 1000);
        source.fill("other", 2000, 200);
        databases.slow(100_000);
        Api api = cluster.api();
        api.submit(plan());
        awaitLanded(4);

        // It waits for the shards that are being read, and later ones wait for it.
        source.run("ALTER TABLE item ADD COLUMN note text, ADD COLUMN price numeric(10,2);"
                + " UPDATE item SET note = 'n' || id, price = id / 4.0 WHERE id % 3 = 0;"
                + " INSERT INTO item VALUES (100001, 1, 'x', 'new')");
        source.run("UPDATE item SET note = 'again' WHERE id % 30 = 0; DELETE FROM item WHERE id % 31 = 0");
        assertThat(InStep.isCopied(api, migration)).as("it was in mid-copy").isFalse();
        cluster.living().get(0).kill();
        cluster.startOne();
        source.run("UPDATE item SET price = 1 WHERE id % 10 = 0; UPDATE item SET id = id + 200000 WHERE id % 41 = 0");
        databases.fast();

        assertEqualInTheEnd(cluster.api());
        assertEqual("item");
        assertThat(databases.target().number("SELECT count(*) FROM item WHERE note = 'again'"))
                .isPositive();

        source.run("ALTER TABLE other ADD COLUMN late bigint; UPDATE other SET late = id WHERE id % 2 = 0");
        assertEqualInTheEnd(cluster.api());
        assertEqual("other");
        assertThat(table(cluster.api(), "other").state()).isEqualTo(TableState.COMPLETED);
    }

    @Test
    void a_table_that_is_altered_in_mid_copy_in_another_way_pauses_and_the_others_go_on() {
        Database source = databases.source();
        source.fill("item", 8000, 1000);
        source.fill("other", 2000, 200);
        databases.slow(100_000);
        Api api = cluster.api();
        api.submit(plan());
        awaitLanded(4);

        source.run("ALTER TABLE item ALTER COLUMN version TYPE bigint");
        source.run("UPDATE other SET version = 7 WHERE id % 3 = 0");
        databases.fast();

        awaitHalted(api, "item");
        await("the other").atMost(ENOUGH).until(() -> table(api, "other").state() == TableState.COMPLETED);
        assertEqual("other");
        assertThat(api.status(migration).capture().running()).isTrue();
    }

    @Test
    void tables_that_are_altered_once_in_step_pause_and_all_else_stays_in_step() {
        Database source = databases.source();
        for (String table : new String[] {"item", "dropped", "renamed", "other"}) {
            source.fill(table, 100, 20);
        }
        Api api = cluster.api();
        api.submit(plan());
        InStep.awaitSync(api, migration, ENOUGH);
        api.awaitPhase(migration, Phase.IN_STEP, ENOUGH);

        source.run("ALTER TABLE item ADD COLUMN filled int NOT NULL DEFAULT 5", "UPDATE item SET version = 9");
        source.run("DROP TABLE dropped", "ALTER TABLE renamed RENAME TO another", "UPDATE another SET version = 3");
        source.run("UPDATE other SET version = 8");

        await("what is missing is told")
                .atMost(ENOUGH)
                .until(() -> api.sync(migration, OptionalLong.empty()).halted());
        awaitHalted(api, "item");
        awaitHalted(api, "dropped");
        awaitHalted(api, "renamed");
        assertEqual("other");
        assertThat(databases.target().number("SELECT max(version) FROM item")).isLessThan(9);
        // Whoever reads next knows it as well.
        cluster.living().forEach(node -> {
            node.kill();
            cluster.startOne();
        });
        source.run("UPDATE item SET version = 10", "UPDATE other SET version = 11");
        assertEqual("other");
        assertThat(databases.target().number("SELECT max(version) FROM item")).isLessThan(9);
        assertThat(table(cluster.api(), "item").state()).isEqualTo(TableState.PAUSED);

        // Nothing is written after this one: the look has to come before the answer.
        source.run("ALTER TABLE other ADD COLUMN filled int NOT NULL DEFAULT 5");
        assertThat(cluster.api().sync(migration, OptionalLong.empty()).reached())
                .isFalse();
        awaitHalted(cluster.api(), "other");
        cluster.api().awaitPhase(migration, Phase.IN_STEP, ENOUGH);
        assertThatThrownBy(() -> cluster.api().act(migration, "complete")).hasMessageContaining("--without-halted");
        cluster.api().act(migration, "complete?without=halted");
        ended = true;
        await("the end of the slot").atMost(ENOUGH).until(() -> slots() == 0);
    }
}
