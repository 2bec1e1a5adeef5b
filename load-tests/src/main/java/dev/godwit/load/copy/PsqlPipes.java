package dev.godwit.load.copy;

import dev.godwit.load.measure.ProcessorTime;
import dev.godwit.load.postgres.BenchServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The practical limit: as many pipes from psql to psql as there are workers, in COPY's binary format, each with an equal
 * range of the table: of blocks where Godwit reads by blocks, else of keys.
 */
final class PsqlPipes {
    private final Rigging rigging;

    PsqlPipes(Rigging rigging) {
        this.rigging = rigging;
    }

    Carried carry(int pipes) {
        List<String> ranges = ranges(pipes);
        double carrierBefore = ProcessorTime.ofEndedChildren();
        double sourceBefore = ProcessorTime.ofFamily(rigging.source().pid());
        double targetBefore = ProcessorTime.ofFamily(rigging.target().pid());
        long started = System.nanoTime();
        List<Process> running = new ArrayList<>();
        try {
            for (String range : ranges) {
                running.add(start(pipe(range)));
            }
            for (Process process : running) {
                if (process.waitFor() != 0) {
                    throw new IllegalStateException("a pipe of psql failed with code " + process.exitValue());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } finally {
            running.forEach(Process::destroy);
        }
        double seconds = (System.nanoTime() - started) / 1e9;
        double carrier = ProcessorTime.ofEndedChildren() - carrierBefore;
        return new Carried(
                seconds,
                seconds,
                ProcessorTime.ofFamily(rigging.source().pid()) - sourceBefore,
                ProcessorTime.ofFamily(rigging.target().pid()) - targetBefore,
                carrier,
                carrier,
                0,
                0);
    }

    /** Reads the table once, so that the first round finds it in memory as the later ones do. */
    void warmUp() {
        try {
            int code = start(psql(rigging.source()) + copyOut("true") + " > /dev/null")
                    .waitFor();
            if (code != 0) {
                throw new IllegalStateException("psql failed with code " + code);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private List<String> ranges(int pipes) {
        List<String> ranges = new ArrayList<>();
        long end = rigging.byBlocks() ? WideTable.blocks(rigging.source()) : rigging.rows();
        for (int i = 0; i < pipes; i++) {
            String from = place(end * i / pipes);
            String to = place(end * (i + 1) / pipes);
            String column = rigging.byBlocks() ? "ctid" : "id";
            ranges.add(column + " >= " + from + (i == pipes - 1 ? "" : " AND " + column + " < " + to));
        }
        return ranges;
    }

    private String place(long number) {
        return rigging.byBlocks() ? "'(" + number + ",0)'" : Long.toString(number);
    }

    private String pipe(String range) {
        return "set -o pipefail; " + psql(rigging.source()) + copyOut(range) + " | " + psql(rigging.target())
                + " -c \"COPY " + WideTable.NAME + " FROM STDIN (FORMAT binary)\"";
    }

    private static String copyOut(String range) {
        return " -c \"COPY (SELECT * FROM " + WideTable.NAME + " WHERE " + range + ") TO STDOUT (FORMAT binary)\"";
    }

    private static String psql(BenchServer server) {
        return "psql -X -q -h 127.0.0.1 -p " + server.port() + " -U " + BenchServer.ROLE + " -d " + WideTable.DATABASE;
    }

    private Process start(String command) {
        Path log = rigging.directory().resolve("psql.log");
        ProcessBuilder builder =
                new ProcessBuilder("bash", "-c", command).redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().put("PGPASSWORD", rigging.password());
        builder.environment().put("PGSSLMODE", "disable");
        builder.environment().put("PGOPTIONS", "-c statement_timeout=0");
        builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
        try {
            return builder.start();
        } catch (IOException e) {
            throw new IllegalStateException("bash could not be started", e);
        }
    }
}
