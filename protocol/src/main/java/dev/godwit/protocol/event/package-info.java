/** The journal: what was decided, in the past tense. Wire format with a closed set of names. */
package dev.godwit.protocol.event;
