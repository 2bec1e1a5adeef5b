package dev.godwit.protocol.event;

/**
 * Where the changes of a migration are captured.
 *
 * @param name of the replication slot
 * @param publication its publication's name
 * @param systemIdentifier of the source's cluster
 * @param timeline of the source when the slot was made
 */
public record CaptureSlot(String name, String publication, String systemIdentifier, int timeline) {}
