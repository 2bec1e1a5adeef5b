/** How a coordinator of a table of a million shards recovers. */
package dev.godwit.load.coordinator;
