package dev.godwit.load.measure;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a run ran on. */
public final class Machine {
    private Machine() {}

    /** Cores, memory, system, Java and how busy the machine was before. */
    public static String describe() {
        OperatingSystemMXBean machine = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return machine.getAvailableProcessors() + " cores (" + processor() + "), "
                + Figures.decimals(machine.getTotalMemorySize() / (double) (1L << 30), 0) + " GiB of memory, Linux "
                + machine.getVersion() + ", Java " + Runtime.version().feature() + " (nodes: "
                + System.getProperty("godwit.node.java", "unknown") + "), load average before "
                + Figures.decimals(machine.getSystemLoadAverage(), 1);
    }

    private static String processor() {
        try {
            return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                    .filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("unknown processor");
        } catch (IOException e) {
            return "unknown processor";
        }
    }
}
