package dev.godwit.node.source;

/**
 * What a database's sessions that carry rows to or from this node are doing at one moment.
 *
 * @param carrying how many there are
 * @param forNode how many of them wait for this node's end of the connection: to take bytes, or to send some
 */
public record SessionWaits(int carrying, int forNode) {}
