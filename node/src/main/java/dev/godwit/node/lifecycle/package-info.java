/** The phases of a migration and what may follow what. Pure. */
package dev.godwit.node.lifecycle;
