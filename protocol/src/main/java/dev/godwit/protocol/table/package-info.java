/** Tables, their columns and keys, and the shards that they are cut into. */
package dev.godwit.protocol.table;
