/** Changes of the source's tables: what the stream tells, and which of it joins which shard's snapshot. Pure. */
package dev.godwit.node.capture;
