/** What people and programs see: status in words, progress while it goes on, colours only where they are wanted. */
package dev.godwit.ops.view;
