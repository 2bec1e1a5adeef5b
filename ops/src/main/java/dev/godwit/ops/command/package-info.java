/** The verbs of the command line, one small class each. */
package dev.godwit.ops.command;
