package dev.godwit.ops.cluster;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Where Godwit is on this machine, and so how a node's JVM is started.
 *
 * @param home root of Godwit's directory
 */
public record Installation(Path home) {
    private static final String NODE_MAIN = "dev.godwit.node.boot.Main";
    private static final int UNSAFE_WARNS_SINCE_JAVA = 23;

    /**
     * By GODWIT_HOME, which the {@code godwit} script sets, else by where these classes are.
     *
     * @throws GodwitException {@link ErrorCode#USAGE} if neither leads to a built Godwit
     */
    public static Installation find(Map<String, String> environment) {
        String named = environment.get("GODWIT_HOME");
        Path home = named == null || named.isEmpty() ? byClasses() : Path.of(named);
        if (!Files.isDirectory(home.resolve("node"))) {
            throw new GodwitException(
                    ErrorCode.USAGE,
                    "Godwit's directory was not found, so no node can be started.",
                    home.toString(),
                    "Start Godwit by its script 'godwit', or set GODWIT_HOME.");
        }
        return new Installation(home);
    }

    private static Path byClasses() {
        try {
            Path classes = Path.of(Installation.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            // ROOT/ops/target/classes
            return classes.resolve("../../..").normalize();
        } catch (URISyntaxException e) {
            throw new IllegalStateException("the classes have no place", e);
        }
    }

    /** Whether the node is built, so that it can be started. */
    public boolean nodeIsBuilt() {
        return Files.isDirectory(home.resolve("node/target/lib"))
                && Files.isRegularFile(
                        home.resolve("node/target/classes").resolve(NODE_MAIN.replace('.', '/') + ".class"));
    }

    /**
     * The command that starts a node's JVM.
     *
     * @param heap its largest heap as {@code -Xmx} takes it
     * @param settings configuration by key; never a secret, since every user of the machine can read it
     * @param arguments of the node's main class
     */
    public List<String> nodeCommand(String heap, Map<String, String> settings, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Xmx" + heap);
        command.add("-XX:+ExitOnOutOfMemoryError");
        // Bytes are moved by the kernel and by intrinsics: the optimizing compiler costs a node more than it gains,
        // over
        // a copy of gigabytes too (docs/decisions/0010-node-jvm.md).
        command.add("-XX:TieredStopAtLevel=1");
        command.add("-XX:+UseSerialGC");
        if (Runtime.version().feature() >= UNSAFE_WARNS_SINCE_JAVA) {
            command.add("--sun-misc-unsafe-memory-access=allow");
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        settings.forEach((key, value) -> command.add("-D" + key + "=" + value));
        command.add("-cp");
        command.add(String.join(
                File.pathSeparator,
                home.resolve("node/target/classes").toString(),
                home.resolve("protocol/target/classes").toString(),
                home.resolve("node/target/lib") + File.separator + "*"));
        command.add(NODE_MAIN);
        command.addAll(List.of(arguments));
        return command;
    }
}
