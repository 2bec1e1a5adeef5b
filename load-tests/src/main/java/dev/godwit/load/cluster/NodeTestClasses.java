package dev.godwit.load.cluster;

import java.io.File;
import java.nio.file.Path;

/** What stands beside the node's tests and is run from here, in a JVM of its own. The script {@code run} compiles it. */
public final class NodeTestClasses {
    private NodeTestClasses() {}

    /**
     * The class path.
     *
     * @param home Godwit's directory
     */
    public static String path(Path home) {
        return String.join(
                File.pathSeparator,
                home.resolve("node/target/test-classes").toString(),
                home.resolve("node/target/classes").toString(),
                home.resolve("protocol/target/classes").toString(),
                home.resolve("node/target/lib") + File.separator + "*");
    }
}
