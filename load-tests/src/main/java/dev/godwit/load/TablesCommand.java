package dev.godwit.load;

import dev.godwit.load.carrier.DumpAndRestore;
import dev.godwit.load.carrier.Pgcopydb;
import dev.godwit.load.peers.Aim;
import dev.godwit.load.peers.DataSet;
import dev.godwit.load.peers.ManyTables;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Many tables. */
@Command(name = "tables", description = "10,000 tables of 100 rows against pgcopydb and pg_dump.")
final class TablesCommand extends PeerCommand {
    @Option(names = "--tables", paramLabel = "N", description = "How many (default: ${DEFAULT-VALUE}).")
    private int tables = 10_000;

    @Override
    String title() {
        return "Many small tables, Godwit and its peers";
    }

    @Override
    DataSet data() {
        return new ManyTables(tables);
    }

    @Override
    List<String> fitting() {
        return List.of(Pgcopydb.NAME, DumpAndRestore.NAME);
    }

    @Override
    List<Aim> aims() {
        return List.of(new Aim(DATABASE_PEERS, 0.5, Double.NaN));
    }
}
