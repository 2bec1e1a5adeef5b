package dev.godwit.ops.command;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A directory like Godwit's own, whose node is the stand-in {@code dev.godwit.node.boot.Main} of these tests. */
public final class StandInInstallation {
    private StandInInstallation() {}

    /** Its only library is an empty jar that refers to the class path of these tests. */
    public static void create(Path home) throws IOException {
        Path lib = Files.createDirectories(home.resolve("node/target/lib"));
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes()
                .put(
                        Attributes.Name.CLASS_PATH,
                        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                                .map(entry -> Path.of(entry).toUri().toString())
                                .collect(Collectors.joining(" ")));
        new JarOutputStream(Files.newOutputStream(lib.resolve("stand-in.jar")), manifest).close();
    }
}
