/** HTTP: routes to commands, and nothing else. */
package dev.godwit.node.http;
