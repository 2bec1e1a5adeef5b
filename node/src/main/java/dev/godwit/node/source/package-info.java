/** Ports to a source database: its catalog, its snapshots, the reading of ranges. */
package dev.godwit.node.source;
