package dev.godwit.node.online;

import dev.godwit.node.cluster.Differences;
import dev.godwit.node.testing.Sessions;
import java.io.IOException;
import java.sql.DriverManager;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;

/**
 * The load as a process, for {@code load-tests/run}: the first argument says what to do.
 *
 * <pre>
 *   create ADDRESS ROWS
 *   write ADDRESS ROWS SEED WRITERS HANGING PAUSE_MILLIS     until standard input ends; prints what it did
 *   compare ADDRESS ADDRESS TABLE...                         prints in which rows the two differ
 * </pre>
 *
 * An address is {@code port/database/user}, on the loopback address; the password is in the environment variable
 * GODWIT_LOAD_PASSWORD, if there is one.
 */
public final class WriteLoadProcess {
    private WriteLoadProcess() {}

    public static void main(String[] arguments) throws IOException {
        Sessions database = sessions(arguments[1]);
        switch (arguments[0]) {
            case "create" -> WriteLoad.create(database, Integer.parseInt(arguments[2]));
            case "write" -> write(database, Arrays.copyOfRange(arguments, 2, arguments.length));
            case "compare" -> {
                List<String> tables = List.of(arguments).subList(3, arguments.length);
                System.out.print(Differences.between(database, sessions(arguments[2]), tables));
            }
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    private static void write(Sessions database, String... settings) throws IOException {
        try (WriteLoad load = WriteLoad.start(
                database,
                new WriteLoad.Settings(
                        Long.parseLong(settings[1]),
                        Integer.parseInt(settings[0]),
                        Integer.parseInt(settings[2]),
                        Integer.parseInt(settings[3]),
                        Integer.parseInt(settings[4])))) {
            while (System.in.read() >= 0) {
                // Whoever started it says nothing, and closes it when it is enough.
            }
            System.out.println(load.stop());
        }
    }

    private static Sessions sessions(String address) {
        String[] parts = address.split("/", 3);
        Properties properties = new Properties();
        properties.setProperty("user", parts[2]);
        String password = System.getenv("GODWIT_LOAD_PASSWORD");
        properties.setProperty("password", password == null ? "" : password);
        return () ->
                DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + parts[0] + "/" + parts[1], properties);
    }
}
