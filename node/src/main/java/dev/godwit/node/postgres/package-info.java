/** PostgreSQL as source and as target: implements the ports. Seen by boot alone. */
package dev.godwit.node.postgres;
