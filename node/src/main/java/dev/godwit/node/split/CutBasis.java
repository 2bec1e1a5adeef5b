package dev.godwit.node.split;

/** What is known of a table when it is cut: one kind for each {@link dev.godwit.protocol.table.CutMethod}. */
public sealed interface CutBasis permits SampledKeys, CutBasis.BlockCount, CutBasis.None {
    /**
     * For tables that are cut by block.
     *
     * @param blocks blocks of the table's main file now; 0 or more. It may differ from one window to the next
     * @param tableBytes bytes on disk of these blocks' rows, TOAST included; 0 or more
     */
    record BlockCount(long blocks, long tableBytes) implements CutBasis {
        public BlockCount {
            if (blocks < 0 || tableBytes < 0) {
                throw new IllegalArgumentException("blocks and bytes are 0 or more");
            }
        }
    }

    /** For tables that are one shard. */
    record None() implements CutBasis {}
}
