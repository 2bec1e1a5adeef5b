package dev.godwit.load.peers;

import dev.godwit.load.carrier.PsqlPipes;
import dev.godwit.load.postgres.BenchServer;
import java.util.Optional;

/** What is carried: made by the server, the same for the same size each time. */
public interface DataSet {
    String DATABASE = "shop";

    /** Makes the database at the source, owned by {@link BenchServer#ROLE}, vacuumed and analysed. */
    void create(BenchServer source);

    /** In words, without sizes that the server knows. */
    String describe();

    /** How psql's pipes carry it, if it is one table. */
    default Optional<PsqlPipes.Piped> piped() {
        return Optional.empty();
    }
}
