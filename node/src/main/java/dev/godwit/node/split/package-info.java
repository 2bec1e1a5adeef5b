/** Decides where a table is cut. Pure. */
package dev.godwit.node.split;
