/** Ports to a target database: claims, sessions that land shards, schema; the budget of its sessions. */
package dev.godwit.node.target;
