/** Every error that Godwit can report, each with a stable code, and the table that maps it to retry, HTTP and exit code. */
package dev.godwit.protocol.error;
