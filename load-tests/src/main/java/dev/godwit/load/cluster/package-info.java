/** Godwit as processes, seen from outside. */
package dev.godwit.load.cluster;
