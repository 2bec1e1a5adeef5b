/** Ports to a target database: claims, sessions that land shards, schema. */
package dev.godwit.node.target;
