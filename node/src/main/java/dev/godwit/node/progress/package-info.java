/** How fast it goes, how long it will take, what holds it, and how much in flight brings something. Pure. */
package dev.godwit.node.progress;
