package dev.godwit.load.apply;

import dev.godwit.load.carrier.GodwitCarrier;
import dev.godwit.load.carrier.Route;
import dev.godwit.load.cluster.GodwitApi;
import dev.godwit.load.cluster.GodwitNode;
import dev.godwit.load.cluster.InStep;
import dev.godwit.load.cluster.PlanText;
import dev.godwit.load.measure.ProcessorTime;
import java.time.Duration;

/** A migration of one node of Godwit, in step, with its state store in the target's database. */
final class GodwitFollower implements Follower {
    static final String NAME = "godwit";

    private static final Duration WITHIN = Duration.ofMinutes(10);
    private static final int WORKERS = 2;
    private static final String SHARD_BYTES = "8MiB";

    private final Route route;
    private final String heap;
    private GodwitNode node;
    private InStep migration;

    GodwitFollower(Route route, String heap) {
        this.route = route;
        this.heap = heap;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String describe() {
        return GodwitCarrier.NAME + ": 1 node with -Xmx" + heap
                + ", consistency online, in step before the load begins";
    }

    @Override
    public void begin(String run) {
        node = GodwitNode.start(GodwitNode.Settings.of(route.workspace(), route.target(), route.database(), heap), run);
        GodwitApi api = new GodwitApi(node.http());
        migration = new InStep(() -> api, run);
        api.apply(PlanText.of(
                run,
                route.source(),
                route.database(),
                route.target(),
                route.database(),
                "online",
                "tables",
                WORKERS,
                SHARD_BYTES));
        migration.awaitCopied(WITHIN);
        migration.awaitSync(WITHIN);
    }

    @Override
    public double processorSeconds() {
        return ProcessorTime.ofFamily(node.pid());
    }

    @Override
    public void end() {
        migration.cancel();
        node.close();
        route.source().dropSlots();
    }
}
