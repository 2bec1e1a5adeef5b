/**
 * What must happen when a database, a network or a disk fails under a cluster of real nodes, and when a user hands in
 * what can't work.
 */
package dev.godwit.node.faults;
