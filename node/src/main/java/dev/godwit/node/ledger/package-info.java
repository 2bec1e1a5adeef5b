/** The outcome of every shard of one table: what is open, landed, retired; decisions of the coordinator. Pure. */
package dev.godwit.node.ledger;
