package dev.godwit.node.schema;

import java.util.List;

/**
 * A source's whole schema as an archive of its own programs, with what of it is restored, in which pieces and when. It
 * stands for itself: whoever restores it need not ask the source again.
 *
 * @param archive its bytes; may hold secrets (options of user mappings)
 * @param chunks in the order in which they are restored
 * @param objects what the entries make, so that it can be seen in a target whether they were restored
 * @param notCarried what is left out, since it needs what the plan excludes
 */
public record SchemaDump(
        byte[] archive, List<Chunk> chunks, List<ArchivedObject> objects, List<NotCarried> notCarried) {
    public SchemaDump {
        chunks = List.copyOf(chunks);
        objects = List.copyOf(objects);
        notCarried = List.copyOf(notCarried);
    }

    /** When a chunk is restored. */
    public enum Part {
        /** Before any row. */
        BEFORE_ROWS,

        /** Once all rows, indexes and keys are there. */
        AFTER_KEYS,

        /** Fills materialised views, each after those that it reads. */
        REFRESH,

        /** At the very end: event triggers would fire for all that is still made. */
        LAST
    }

    /**
     * Restored in one transaction.
     *
     * @param entries numbers of the archive's entries, in order; none for {@link Part#REFRESH}
     * @param statement for {@link Part#REFRESH}; else empty
     */
    public record Chunk(Part part, List<Integer> entries, String statement) {
        public Chunk {
            entries = List.copyOf(entries);
        }
    }

    /**
     * What an entry makes, as {@code pg_identify_object_as_address} tells it.
     *
     * @param entry its number
     * @param shows whether the object is there only once the entry is restored
     */
    public record ArchivedObject(int entry, String type, List<String> names, List<String> arguments, boolean shows) {
        public ArchivedObject {
            names = List.copyOf(names);
            arguments = List.copyOf(arguments);
        }
    }
}
