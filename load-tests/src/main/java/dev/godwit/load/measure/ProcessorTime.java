package dev.godwit.load.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Processor seconds of processes, user and system, from {@code /proc} (proc(5)). */
public final class ProcessorTime {
    /** Linux counts in hundredths of a second, whatever its own clock does (USER_HZ). */
    private static final double TICKS_PER_SECOND = 100;

    private static final int UTIME = 11;
    private static final int CUTIME = 13;

    private ProcessorTime() {}

    /**
     * All processors of the machine since it started, in seconds.
     *
     * @param busy for anybody, interrupts included
     * @param idle also those that waited for a disk
     */
    public record Machine(double busy, double idle) {
        /** The share of the time since then in which they worked; 0 to 1. */
        public double busySince(Machine before) {
            double worked = busy - before.busy;
            return worked / (worked + idle - before.idle);
        }
    }

    /** Of the whole machine. */
    public static Machine ofMachine() {
        try {
            // cpu user nice system idle iowait irq softirq steal; guests count as user
            String[] fields =
                    Files.readAllLines(Path.of("/proc/stat")).get(0).trim().split(" +");
            double all = 0;
            for (int i = 1; i <= 8; i++) {
                all += Long.parseLong(fields[i]);
            }
            double idle = Long.parseLong(fields[4]) + Long.parseLong(fields[5]);
            return new Machine((all - idle) / TICKS_PER_SECOND, idle / TICKS_PER_SECOND);
        } catch (IOException e) {
            throw new IllegalStateException("/proc/stat can't be read", e);
        }
    }

    /** Of one process; without its children. */
    public static double ofProcess(long pid) {
        return sum(fields(pid), UTIME, 2);
    }

    /** Of a process, its children that have ended, and those that live. */
    public static double ofFamily(long pid) {
        while (true) {
            double parent = sum(fields(pid), UTIME, 4);
            double ended = sum(fields(pid), CUTIME, 2);
            double living = 0;
            for (long child : children(pid)) {
                try {
                    living += sum(fields(child), UTIME, 4);
                } catch (IllegalStateException e) {
                    continue; // it has just ended: seen below
                }
            }
            if (sum(fields(pid), CUTIME, 2) == ended) {
                return parent + living;
            }
            // A child ended meanwhile, and would count twice or not at all.
        }
    }

    /** Of all children of this process that have ended, and theirs. */
    public static double ofEndedChildren() {
        return sum(fields(ProcessHandle.current().pid()), CUTIME, 2);
    }

    /** The most memory that a process ever had resident, in bytes. */
    public static long peakMemoryBytes(long pid) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
                if (line.startsWith("VmHWM:")) {
                    return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
                }
            }
        } catch (IOException e) {
            throw gone(pid, e);
        }
        return 0;
    }

    private static double sum(String[] fields, int first, int count) {
        double ticks = 0;
        for (int i = first; i < first + count; i++) {
            ticks += Long.parseLong(fields[i]);
        }
        return ticks / TICKS_PER_SECOND;
    }

    /** The fields after the program's name, which may hold blanks; the first of them is the state. */
    private static String[] fields(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            return stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        } catch (IOException e) {
            throw gone(pid, e);
        }
    }

    private static List<Long> children(long pid) {
        List<Long> children = new ArrayList<>();
        try {
            String text = Files.readString(Path.of("/proc/" + pid + "/task/" + pid + "/children"));
            for (String child : text.strip().split(" ")) {
                if (!child.isEmpty()) {
                    children.add(Long.parseLong(child));
                }
            }
        } catch (IOException e) {
            throw gone(pid, e);
        }
        return children;
    }

    private static IllegalStateException gone(long pid, IOException e) {
        return new IllegalStateException("process " + pid + " has ended", e);
    }
}
