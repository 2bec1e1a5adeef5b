/** The PostgreSQL servers of a run, their databases and what these hold. */
package dev.godwit.load.postgres;
