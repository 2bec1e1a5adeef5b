/** The phases of a migration, what may follow what, and which tables go together. Pure. */
package dev.godwit.node.lifecycle;
