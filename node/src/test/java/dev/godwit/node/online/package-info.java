/**
 * Migrations of a source that is written all the while: the load that writes it, and the tests of consistency {@code
 * online}. Start reading at {@link dev.godwit.node.online.WriteLoad}.
 */
package dev.godwit.node.online;
