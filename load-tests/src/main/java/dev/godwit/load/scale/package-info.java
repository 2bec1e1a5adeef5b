/** How a copy grows faster with the number of nodes. */
package dev.godwit.load.scale;
