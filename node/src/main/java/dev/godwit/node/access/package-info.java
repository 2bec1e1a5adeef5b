/** Port to the databases of a plan, as one node opens and shares them. */
package dev.godwit.node.access;
