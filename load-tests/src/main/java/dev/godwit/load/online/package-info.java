/** Migrations of a source that is written all the while, by nodes that are killed. */
package dev.godwit.load.online;
