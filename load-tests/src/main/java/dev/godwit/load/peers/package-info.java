/** Godwit and its peers side by side, on the same servers with the same data. */
package dev.godwit.load.peers;
