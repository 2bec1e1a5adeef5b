/** Reads a plan from YAML and says everything that is wrong with it. Pure. */
package dev.godwit.node.plan;
