package dev.godwit.node.http;

import dev.godwit.node.migration.MigrationGateway;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.IntSupplier;

/**
 * What a node measures, for Prometheus: its build, its JVM, its cluster, and the migrations as the gateway tells them.
 * Every name begins with {@code godwit_}. No label ever holds a table's name, a row's value or a secret.
 */
public final class NodeMetrics implements AutoCloseable {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics garbageCollection = new JvmGcMetrics();
    private final RecentMigrations migrations;

    /**
     * Starts to measure.
     *
     * @param gateway is asked for the migrations when somebody scrapes, at most once in five seconds
     * @param clusterMembers number of nodes that are up, as this node sees it; must answer at once
     * @param version of the build
     */
    public NodeMetrics(MigrationGateway gateway, IntSupplier clusterMembers, String version, Clock clock) {
        this.migrations = new RecentMigrations(gateway, clock);
        registry.config().meterFilter(new Prefix());
        for (MeterBinder binder : List.of(
                new JvmMemoryMetrics(),
                garbageCollection,
                new JvmThreadMetrics(),
                new ClassLoaderMetrics(),
                new ProcessorMetrics(),
                new FileDescriptorMetrics(),
                new UptimeMetrics())) {
            binder.bindTo(registry);
        }
        Gauge.builder("build.info", () -> 1)
                .description("Always 1; the labels say which build runs.")
                .tags(Tags.of("version", version, "java", System.getProperty("java.version")))
                .register(registry);
        Gauge.builder("cluster.members", clusterMembers::getAsInt)
                .description("Nodes of the cluster that are up, as this node sees it.")
                .register(registry);
        registry.getPrometheusRegistry().register(new MigrationMetrics(migrations));
    }

    /** The registry to which other parts of the node add their own meters; names get the prefix {@code godwit_}. */
    public PrometheusMeterRegistry registry() {
        return registry;
    }

    /**
     * All metrics in the text format 0.0.4. Waits at most {@link RecentMigrations#MAX_WAIT} for the migrations, then
     * tells what was known before.
     */
    public CompletionStage<String> scrape() {
        return migrations.refresh().thenApply(done -> registry.scrape());
    }

    @Override
    public void close() {
        garbageCollection.close();
        registry.close();
    }

    private static final class Prefix implements MeterFilter {
        @Override
        public Meter.Id map(Meter.Id id) {
            return id.withName("godwit." + id.getName());
        }
    }
}
