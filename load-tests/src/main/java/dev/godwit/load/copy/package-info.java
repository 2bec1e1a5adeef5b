/** The copy phase against the practical limit: psql's binary pipes. */
package dev.godwit.load.copy;
