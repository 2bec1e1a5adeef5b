package dev.godwit.load;

import dev.godwit.load.peers.Aim;
import dev.godwit.load.peers.DataSet;
import dev.godwit.load.peers.ShopDatabase;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A whole database. */
@Command(
        name = "whole",
        description = "An e-commerce database with indexes, keys and sequences against pgcopydb, pg_dump and pgloader.")
final class WholeCommand extends PeerCommand {
    @Option(
            names = "--scale",
            paramLabel = "N",
            description = "1 is some 15 million rows and 1.5 GB without indexes (default: ${DEFAULT-VALUE}).")
    private double scale = 1;

    @Override
    String title() {
        return "Whole database with indexes, Godwit and its peers";
    }

    @Override
    DataSet data() {
        return new ShopDatabase(scale);
    }

    @Override
    List<String> fitting() {
        return DATABASE_PEERS;
    }

    @Override
    List<Aim> aims() {
        return List.of(new Aim(DATABASE_PEERS, 0.9, 1));
    }
}
