/** The actor that grants turns on one node: a session of the target and memory for one shard. */
package dev.godwit.node.sink;
