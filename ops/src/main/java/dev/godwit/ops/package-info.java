/** The operator's side: the {@code godwit} command. */
package dev.godwit.ops;
