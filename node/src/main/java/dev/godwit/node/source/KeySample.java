package dev.godwit.node.source;

import java.util.List;

/**
 * A sampled row.
 *
 * @param key one text per key column, as the source prints it
 * @param bytes stored size of the row, TOAST included, uncompressed by nothing; 1 or more
 */
public record KeySample(List<String> key, long bytes) {
    public KeySample {
        key = List.copyOf(key);
    }
}
