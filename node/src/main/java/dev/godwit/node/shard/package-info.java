/** The actors that own shards: the coordinator of a table and the workers that carry bytes. */
package dev.godwit.node.shard;
