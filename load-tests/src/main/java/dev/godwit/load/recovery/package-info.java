/** How long the shards of a node that was killed stand still. */
package dev.godwit.load.recovery;
