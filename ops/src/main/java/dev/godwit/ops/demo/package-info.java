/** The demo: two embedded PostgreSQL servers, a data set, a cluster that loses a node, and the proof of equality. */
package dev.godwit.ops.demo;
