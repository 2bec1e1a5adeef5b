package dev.godwit.load;

import dev.godwit.load.carrier.DumpAndRestore;
import dev.godwit.load.carrier.Pgcopydb;
import dev.godwit.load.carrier.PsqlPipes;
import dev.godwit.load.peers.Aim;
import dev.godwit.load.peers.BigTable;
import dev.godwit.load.peers.DataSet;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** One big table. */
@Command(
        name = "big",
        description = "One big table of 16 columns, split, against pgcopydb, pg_dump and psql's binary pipes.")
final class BigCommand extends PeerCommand {
    @Option(names = "--rows", paramLabel = "N", description = "Its rows (default: ${DEFAULT-VALUE}).")
    private int rows = 5_000_000;

    @Option(
            names = "--split-at",
            paramLabel = "SIZE",
            description = "pgcopydb's --split-tables-larger-than (default: ${DEFAULT-VALUE}).")
    private String splitAt = "128MB";

    @Override
    String title() {
        return "One big table, Godwit and its peers";
    }

    @Override
    DataSet data() {
        return new BigTable(rows);
    }

    @Override
    List<String> fitting() {
        return List.of(Pgcopydb.NAME, DumpAndRestore.NAME, PsqlPipes.NAME);
    }

    @Override
    List<Aim> aims() {
        return List.of(new Aim(DATABASE_PEERS, 1, Double.NaN), new Aim(List.of(PsqlPipes.NAME), 1.1, Double.NaN));
    }

    @Override
    String splitAt() {
        return splitAt;
    }
}
