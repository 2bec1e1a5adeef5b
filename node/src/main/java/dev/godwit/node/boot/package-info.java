/** The composition root: reads configuration, wires, starts. Nobody imports it. */
package dev.godwit.node.boot;
