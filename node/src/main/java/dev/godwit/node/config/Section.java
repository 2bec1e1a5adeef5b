package dev.godwit.node.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import java.time.Duration;
import java.util.List;
import java.util.function.BiFunction;

/** One section of the configuration; a wrong type is told with its full path and never with its value. */
record Section(Config root, String path) {
    String text(String key) {
        return read(key, "a text", Config::getString);
    }

    int number(String key) {
        return read(key, "a whole number", Config::getInt);
    }

    Duration duration(String key) {
        return read(key, "a duration such as 2s", Config::getDuration);
    }

    List<String> texts(String key) {
        return read(key, "a list of texts", Config::getStringList);
    }

    String place(String key) {
        return path + "." + key;
    }

    private <T> T read(String key, String expected, BiFunction<Config, String, T> reader) {
        try {
            return reader.apply(root, place(key));
        } catch (ConfigException.Missing e) {
            throw wrong(place(key), "It is not set.", "Set it to " + expected + ".");
        } catch (ConfigException e) {
            throw wrong(place(key), "It is not " + expected + ".", "Set it to " + expected + ".");
        }
    }

    /** Throws USAGE unless {@code holds}. */
    static void require(boolean holds, String place, String what, String fix) {
        if (!holds) {
            throw wrong(place, what, fix);
        }
    }

    /** Throws USAGE unless {@code low <= value <= high}. */
    static void within(Duration value, Duration low, Duration high, String place) {
        require(
                value.compareTo(low) >= 0 && value.compareTo(high) <= 0,
                place,
                "It is " + value.toMillis() + " ms.",
                "Allowed is " + low.toMillis() + " ms to " + high.toMillis() + " ms.");
    }

    /** Throws USAGE unless {@code low <= value <= high}. */
    static void within(int value, int low, int high, String place) {
        require(
                value >= low && value <= high,
                place,
                "It is " + value + ".",
                "Allowed is " + low + " to " + high + ".");
    }

    private static GodwitException wrong(String place, String what, String fix) {
        return new GodwitException(ErrorCode.USAGE, what, place, fix);
    }
}
