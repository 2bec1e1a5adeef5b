package dev.godwit.load.peers;

import dev.godwit.load.postgres.BenchServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * An e-commerce database: nine tables from 200 rows to 6.5 million, with keys, indexes, foreign keys, checks and sequences.
 *
 * @param scale 1 for some 15 million rows and 1.5 GB without indexes
 */
public record ShopDatabase(double scale) implements DataSet {
    private static final int ORDERS = 2_600_000;

    @Override
    public void create(BenchServer source) {
        source.recreate(DATABASE, "template0");
        long orders = Math.max(1_000, Math.round(ORDERS * scale));
        source.execute(
                DATABASE,
                "SET ROLE " + BenchServer.ROLE,
                script().replace("${orders}", Long.toString(orders)),
                "VACUUM (FREEZE, ANALYZE)");
    }

    @Override
    public String describe() {
        return "an e-commerce database";
    }

    private static String script() {
        try (InputStream stream = ShopDatabase.class.getResourceAsStream("shop.sql")) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
