/** Random kills, with the contents of both sides compared each time. */
package dev.godwit.load.kills;
