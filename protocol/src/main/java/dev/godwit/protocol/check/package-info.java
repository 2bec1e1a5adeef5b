/** What a check says of a plan beside its problems: warnings and notes, each with a stable code. */
package dev.godwit.protocol.check;
