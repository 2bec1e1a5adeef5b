/**
 * Real clusters for tests: nodes as child JVMs on real databases, so that they can be killed, stopped and cut off. Start
 * reading at {@link dev.godwit.node.cluster.TestCluster}.
 */
package dev.godwit.node.cluster;
