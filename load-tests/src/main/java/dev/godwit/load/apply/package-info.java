/** Followers of a source: how many changes they apply in a second, and how late one is. */
package dev.godwit.load.apply;
