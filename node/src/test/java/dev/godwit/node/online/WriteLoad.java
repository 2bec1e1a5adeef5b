package dev.godwit.node.online;

import dev.godwit.node.testing.Sessions;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * Writes a database all the time, as a busy application does and worse: inserts, updates also of keys and of rows with
 * values out of line, deletes and inserts again, swaps of unique values, truncates; in short, long and aborted
 * transactions, with savepoints that are rolled back to.
 *
 * <pre>
 *   LoadTables ---> WriterScript ---> Writer ---> the source        one script and one writer a thread
 *                   (from the seed)     |
 *                                     Tally       CommitRelease     lets hanging commits go on
 * </pre>
 *
 * <p>What each writer does follows from the seed; in which order the writers' statements meet does not. Closing it stops
 * it.
 */
public final class WriteLoad implements AutoCloseable {
    private static final Duration STOPS_WITHIN = Duration.ofSeconds(60);

    private final Settings settings;
    private final Sessions source;
    private final Tally tally = new Tally();
    private final CountDownLatch stop = new CountDownLatch(1);
    private final CountDownLatch writersEnded = new CountDownLatch(1);
    private final List<Writer> writers = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final CommitRelease release;
    private final Thread releaseThread;

    /**
     * @param seed of all that the writers do
     * @param rows of a big table at first, about
     * @param writers that commit without waiting for a standby
     * @param hanging further writers, whose commits hang until they are released; more than 0 only for a source whose {@code
     *     synchronous_standby_names} names one that isn't there
     * @param pauseMillis of a writer between two of its transactions, the mean
     */
    public record Settings(long seed, int rows, int writers, int hanging, int pauseMillis) {}

    /** Makes the tables and fills them. */
    public static void create(Sessions source, int rows) {
        LoadTables.of(rows).forEach(table -> source.run(table.definition().toArray(String[]::new)));
        source.run("ANALYZE");
    }

    /** Begins to write a database that {@link #create} has made with as many rows. */
    public static WriteLoad start(Sessions source, Settings settings) {
        WriteLoad load = new WriteLoad(source, settings);
        load.threads.forEach(Thread::start);
        load.releaseThread.start();
        System.out.println(load + " begins");
        return load;
    }

    private WriteLoad(Sessions source, Settings settings) {
        this.source = source;
        this.settings = settings;
        for (int i = 0; i < settings.writers(); i++) {
            add("write-load " + i, "local");
        }
        for (int i = 0; i < settings.hanging(); i++) {
            add(CommitRelease.NAME + " " + i, "on");
        }
        release = new CommitRelease(source, settings.seed(), tally, writersEnded);
        releaseThread = thread(release, "write-load release");
    }

    private void add(String name, String synchronousCommit) {
        WriterScript script = new WriterScript(
                settings.seed(), writers.size(), LoadTables.of(settings.rows()), settings.pauseMillis());
        String begin = "SET synchronous_commit = " + synchronousCommit + "; SET application_name = '" + name + "'";
        Writer writer = new Writer(source, script, begin, tally, stop);
        writers.add(writer);
        threads.add(thread(writer, name));
    }

    private static Thread thread(Runnable work, String name) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        return thread;
    }

    /** What it has done so far; goes on counting. */
    Tally tally() {
        return tally;
    }

    /**
     * Stops it, each writer after its transaction. Repeating it changes nothing.
     *
     * @return what all of them have done, in words
     * @throws IllegalStateException if a writer failed, or does not end
     */
    public String stop() {
        stop.countDown();
        try {
            for (Thread thread : threads) {
                thread.join(STOPS_WITHIN.toMillis());
                if (thread.isAlive()) {
                    throw new IllegalStateException(this + ": " + thread.getName() + " does not end");
                }
            }
            writersEnded.countDown();
            releaseThread.join(STOPS_WITHIN.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        for (Writer writer : writers) {
            failed(writer.failure());
        }
        failed(release.failure());
        return this + ": " + tally;
    }

    private void failed(SQLException failure) {
        if (failure != null) {
            throw new IllegalStateException(this + " has failed", failure);
        }
    }

    @Override
    public void close() {
        stop();
    }

    /** With the seed. */
    @Override
    public String toString() {
        return "write load of seed " + settings.seed();
    }
}
