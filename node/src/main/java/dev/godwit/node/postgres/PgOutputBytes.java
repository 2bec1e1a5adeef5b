package dev.godwit.node.postgres;

import dev.godwit.protocol.error.GodwitException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The bytes of one message of {@link PgOutput}, read from the first to the last, with a look at the bounds each time. */
final class PgOutputBytes {
    private final byte[] frame;
    private final String where;
    private int at;

    PgOutputBytes(byte[] frame, int from, String where) {
        this.frame = frame;
        this.at = from;
        this.where = where;
    }

    int int8() {
        return frame[take(1)] & 0xff;
    }

    /** Unsigned: it counts columns. */
    int int16() {
        int from = take(Short.BYTES);
        return (frame[from] & 0xff) << 8 | frame[from + 1] & 0xff;
    }

    long unsigned32() {
        int from = take(Integer.BYTES);
        return (frame[from] & 0xffL) << 24
                | (frame[from + 1] & 0xffL) << 16
                | (frame[from + 2] & 0xffL) << 8
                | frame[from + 3] & 0xffL;
    }

    long int64() {
        return unsigned32() << 32 | unsigned32();
    }

    /** A number of things to come, each of so many bytes or more, and before them one byte or more. */
    int count32(int bytesOfEach) {
        long count = unsigned32();
        if (count * bytesOfEach > frame.length - at) {
            throw cutOff();
        }
        return (int) count;
    }

    /** Up to a byte of zero. */
    String string() {
        int end = at;
        while (end < frame.length && frame[end] != 0) {
            end++;
        }
        if (end == frame.length) {
            throw cutOff();
        }
        String string = new String(frame, at, end - at, StandardCharsets.UTF_8);
        at = end + 1;
        return string;
    }

    /** A value behind its length. */
    byte[] counted() {
        long length = unsigned32();
        if (length > frame.length - at) {
            throw cutOff();
        }
        int from = take((int) length);
        return Arrays.copyOfRange(frame, from, at);
    }

    /** @throws GodwitException where something is left */
    void end() {
        if (at != frame.length) {
            throw wrong("a message that is longer than what is known of it");
        }
    }

    GodwitException wrong(String what) {
        return PgOutput.wrong(what, where);
    }

    private int take(int bytes) {
        if (bytes > frame.length - at) {
            throw cutOff();
        }
        int from = at;
        at += bytes;
        return from;
    }

    private GodwitException cutOff() {
        return wrong("a message that ends too early");
    }
}
