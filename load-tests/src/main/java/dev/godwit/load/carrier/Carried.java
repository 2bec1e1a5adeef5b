package dev.godwit.load.carrier;

/**
 * One run of one carrier.
 *
 * @param work the stretch that is compared: for Godwit between two events, for a program that is started for the run all
 *     of it
 * @param whole from the start of the first process to the end
 * @param bytes that travelled; 0 where the carrier does not say
 * @param peakMemoryBytes of the carrier's process; 0 where it has several
 */
public record Carried(Spent work, Spent whole, long bytes, long peakMemoryBytes) {}
