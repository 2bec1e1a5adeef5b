package dev.godwit.node.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import dev.godwit.protocol.plan.SecretRef;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Reads the node's configuration. From strongest to weakest: what follows from {@link NodeSettings}; system
 * properties; the user's {@code application.conf} or {@code -Dconfig.file}; {@code godwit-pekko.conf}, our choices for
 * Pekko; every library's {@code reference.conf}. Ours for Pekko have a file of their own because the order between two
 * {@code reference.conf} is that of the class path, which nobody should have to think of.
 */
public final class NodeConfiguration {
    /** Name of every node's actor system: nodes of different names can't join. */
    public static final String SYSTEM_NAME = "godwit";

    private static final String SLICK = "pekko-persistence-jdbc.shared-databases.slick";

    private NodeConfiguration() {}

    /** The configuration of this process, resolved. */
    public static Config load() {
        ConfigFactory.invalidateCaches(); // system properties may have been set since
        return withDefaults(ConfigFactory.defaultOverrides().withFallback(ConfigFactory.defaultApplication()));
    }

    /** The given configuration over our defaults, resolved; without system properties. */
    public static Config withDefaults(Config chosen) {
        return chosen.withFallback(
                        ConfigFactory.parseResourcesAnySyntax(NodeConfiguration.class.getClassLoader(), "godwit-pekko"))
                .withFallback(ConfigFactory.defaultReferenceUnresolved())
                .resolve();
    }

    /**
     * Reads and validates the sections under {@code godwit}, secrets included.
     *
     * @throws dev.godwit.protocol.error.GodwitException USAGE naming the key, or SECRET_MISSING
     */
    public static NodeSettings settings(Config configuration) {
        return settings(configuration, System::getenv);
    }

    static NodeSettings settings(Config configuration, UnaryOperator<String> environment) {
        return new NodeSettings(
                stateStore(new Section(configuration, "godwit.state-store"), environment),
                cluster(new Section(configuration, "godwit.cluster")),
                join(new Section(configuration, "godwit.join")),
                http(new Section(configuration, "godwit.http")),
                drain(new Section(configuration, "godwit.drain")),
                clientPrograms(configuration));
    }

    /** The section that a check of a plan without a cluster needs alone. */
    public static ClientProgramSettings clientPrograms(Config configuration) {
        return ClientProgramSettings.of(new Section(configuration, "godwit.client-programs").text("directory"));
    }

    /** The configuration for the node's actor system. It holds the state store's password: never print it. */
    public static Config pekkoConfig(NodeSettings settings) {
        return pekkoConfig(settings, load());
    }

    /** As {@link #pekkoConfig(NodeSettings)}, over a configuration that was {@link #load() loaded} already. */
    public static Config pekkoConfig(NodeSettings settings, Config configuration) {
        StateStoreSettings store = settings.stateStore();
        Map<String, Object> database = new HashMap<>();
        database.put("url", store.url());
        database.put("user", store.user());
        if (store.password().isPresent()) {
            database.put("password", store.password().reveal());
        }
        database.put("numThreads", store.journalConnections());
        database.put("maxConnections", store.journalConnections());
        database.put("connectionTimeout", store.connectTimeout().toMillis());
        // Keys as a map of their own: a driver property is never a path.
        database.put("properties", store.driverProperties("godwit-journal", store.journalOperationTimeout()));

        Map<String, Object> node = new HashMap<>();
        node.put("pekko.remote.artery.canonical.hostname", settings.cluster().host());
        node.put("pekko.remote.artery.canonical.port", settings.cluster().port());
        node.put("pekko.cluster.roles", settings.cluster().roles());
        node.put("pekko.log-config-on-start", "off"); // it would print the password
        return ConfigFactory.parseMap(node)
                .withValue(SLICK + ".db", ConfigValueFactory.fromMap(database))
                .withFallback(configuration)
                .resolve();
    }

    private static StateStoreSettings stateStore(Section section, UnaryOperator<String> environment) {
        return new StateStoreSettings(
                section.text("host"),
                section.number("port"),
                section.text("database"),
                section.text("user"),
                password(section, environment),
                section.text("sslmode"),
                section.text("sslrootcert"),
                section.text("schema"),
                section.number("connections"),
                section.number("journal-connections"),
                section.duration("connect-timeout"),
                section.duration("operation-timeout"),
                section.duration("journal-operation-timeout"));
    }

    private static Secret password(Section section, UnaryOperator<String> environment) {
        String place = section.place("password");
        boolean reference = section.root().getValue(place).valueType() == ConfigValueType.OBJECT;
        Section.require(reference, place, "It is given inline.", "Use a reference: env or file.");
        String env = section.text("password.env");
        String file = section.text("password.file");
        Section.require(
                env.isEmpty() || file.isEmpty(), place, "It names both env and file.", "Leave one of them empty.");
        if (env.isEmpty() && file.isEmpty()) {
            return Secret.NONE;
        }
        SecretRef secret = new SecretRef(env.isEmpty() ? null : env, file.isEmpty() ? null : file);
        return Secret.read(secret, environment, place);
    }

    private static ClusterSettings cluster(Section section) {
        return new ClusterSettings(section.text("host"), section.number("port"), section.texts("roles"));
    }

    private static JoinSettings join(Section section) {
        return new JoinSettings(
                section.duration("heartbeat-interval"),
                section.duration("fresh-within"),
                section.duration("forget-after"));
    }

    private static DrainSettings drain(Section section) {
        return new DrainSettings(section.duration("timeout"), section.duration("give-up"));
    }

    private static HttpSettings http(Section section) {
        return new HttpSettings(section.text("host"), section.number("port"));
    }
}
