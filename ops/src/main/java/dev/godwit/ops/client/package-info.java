/** The HTTP interface of the nodes, as a client sees it. */
package dev.godwit.ops.client;
