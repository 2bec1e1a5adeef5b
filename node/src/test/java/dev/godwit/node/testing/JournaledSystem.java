package dev.godwit.node.testing;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.godwit.node.cluster.Database;
import dev.godwit.node.config.NodeConfiguration;
import dev.godwit.node.config.NodeSettings;
import dev.godwit.node.join.StateStore;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.japi.function.Function;
import org.apache.pekko.pattern.Patterns;

/**
 * Entities without a cluster, on a node's own journal in PostgreSQL, which can be told to fail on some events: the
 * server then raises an error where it would take them.
 */
public final class JournaledSystem implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Database store;
    private final ActorSystem<Void> system;
    private int spawned;

    /** @param store an empty database */
    public JournaledSystem(Database store) {
        this.store = store;
        Config configuration = NodeConfiguration.withDefaults(
                ConfigFactory.parseString("""
                godwit.state-store { host = "%s", port = %d, database = "%s", user = "%s", sslmode = disable }
                pekko.loglevel = ERROR
                pekko.coordinated-shutdown { exit-jvm = off, run-by-jvm-shutdown-hook = off }
                """.formatted(Database.HOST, store.port(), store.name(), Database.USER)));
        NodeSettings settings = NodeConfiguration.settings(configuration);
        try (StateStore tables = StateStore.open(settings.stateStore())) {
            tables.prepare();
        }
        this.system = ActorSystem.create(
                Behaviors.empty(),
                NodeConfiguration.SYSTEM_NAME,
                NodeConfiguration.pekkoConfig(settings, configuration));
        store.run("CREATE SEQUENCE refused", """
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  PERFORM nextval('public.refused');
                  RAISE EXCEPTION 'the journal fails';
                END $$""");
    }

    public ActorSystem<Void> system() {
        return system;
    }

    public <C> ActorRef<C> spawn(Behavior<C> behavior) {
        return system.systemActorOf(behavior, "entity-" + ++spawned, Props.empty());
    }

    /** Returns when the actor has ended. */
    public void stop(ActorRef<?> actor) {
        try {
            Patterns.gracefulStop(Adapter.toClassic(actor), PATIENCE)
                    .toCompletableFuture()
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("the entity does not stop", e);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** Waits for the answer: until the entity has recovered, if it has to. */
    public <C, R> R ask(ActorRef<C> actor, Function<ActorRef<R>, C> question) {
        try {
            return AskPattern.ask(actor, question, PATIENCE, system.scheduler())
                    .toCompletableFuture()
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | CompletionException | TimeoutException e) {
            throw new AssertionError("the entity does not answer", e);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** From now on the journal fails on events of this name. */
    public void refuse(String event) {
        store.run("CREATE TRIGGER refuse BEFORE INSERT ON godwit.event_journal FOR EACH ROW" + " WHEN (position('"
                + event + "'::bytea IN NEW.event_payload) > 0) EXECUTE FUNCTION refuse()");
    }

    /** How often it has failed. */
    public long refused() {
        return store.number("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM refused");
    }

    /** The journal is whole again. */
    public void accept() {
        store.run("DROP TRIGGER refuse ON godwit.event_journal");
    }

    private static IllegalStateException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new IllegalStateException(e);
    }

    @Override
    public void close() {
        system.terminate();
        try {
            system.getWhenTerminated().toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("the actor system does not end", e);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }
}
