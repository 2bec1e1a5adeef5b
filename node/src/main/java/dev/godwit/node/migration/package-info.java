/** The actors that own a migration: the entity, the reconciler, the agent on each node, the snapshot's keeper; small tables in bundles. */
package dev.godwit.node.migration;
