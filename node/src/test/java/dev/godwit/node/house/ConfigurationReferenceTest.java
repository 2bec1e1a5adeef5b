package dev.godwit.node.house;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValue;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The page on configuration names every key of the node with its default. */
class ConfigurationReferenceTest {
    /** Pekko's words for how a dispatcher and a lease are made; nobody sets them. */
    private static final Set<String> MADE_OF = Set.of(
            "godwit.blocking-dispatcher.type",
            "godwit.blocking-dispatcher.executor",
            "godwit.blocking-dispatcher.throughput",
            "godwit.blocking-dispatcher.thread-pool-executor.allow-core-timeout",
            "godwit.blocking-dispatcher.thread-pool-executor.task-queue-type",
            "godwit.copy-dispatcher.type",
            "godwit.copy-dispatcher.executor",
            "godwit.lease.lease-class");

    @Test
    void the_page_names_every_key_with_its_default() {
        Map<String, String> keys = new TreeMap<>();
        Config godwit = ConfigFactory.parseString(Documents.read("node/src/main/resources/reference.conf"));
        godwit.entrySet().forEach(entry -> keys.put(entry.getKey(), text(entry.getValue())));
        keys.keySet().removeAll(MADE_OF);

        Map<String, String> page = new TreeMap<>();
        Documents.table("docs/reference/configuration.md", "| key | default | meaning | bounds |")
                .forEach(row -> page.put(row.get(0).replace("`", ""), row.get(1)));

        assertThat(page).isEqualTo(keys);
    }

    private static String text(ConfigValue value) {
        return String.valueOf(value.unwrapped());
    }
}
