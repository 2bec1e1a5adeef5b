/** The plan: what a user wants migrated, from where, to where, and how. */
package dev.godwit.protocol.plan;
