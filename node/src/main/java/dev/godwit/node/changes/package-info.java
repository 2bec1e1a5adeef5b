/** The actor that reads a migration's changes, and has them applied. */
package dev.godwit.node.changes;
