package dev.godwit.load.copy;

/**
 * One round of one carrier.
 *
 * @param seconds of the copy: for Godwit from the event table-started to table-copied
 * @param wholeSeconds from the start of the first process to the end of the migration
 * @param sourceSeconds processor time of the source's server during the copy
 * @param targetSeconds processor time of the target's server during the copy
 * @param carrierSeconds processor time of what carries, during the copy
 * @param carrierWholeSeconds the same over its whole life
 * @param bytes that travelled; 0 where the carrier does not say
 * @param peakMemoryBytes of the carrier's process; 0 where it has several
 */
record Carried(
        double seconds,
        double wholeSeconds,
        double sourceSeconds,
        double targetSeconds,
        double carrierSeconds,
        double carrierWholeSeconds,
        long bytes,
        long peakMemoryBytes) {}
