/** What a person or a program is told about a migration. */
package dev.godwit.protocol.status;
