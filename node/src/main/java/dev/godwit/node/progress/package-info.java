/** How fast it goes, how long it will take, and what holds it. Pure. */
package dev.godwit.node.progress;
