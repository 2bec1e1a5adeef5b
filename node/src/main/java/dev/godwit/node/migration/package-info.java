/** The actors that own a migration: the entity, the reconciler, the agent on each node, the snapshot's keeper. */
package dev.godwit.node.migration;
