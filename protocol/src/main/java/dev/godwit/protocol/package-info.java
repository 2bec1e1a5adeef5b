/**
 * What crosses a boundary or is kept: the plan, tables and shards, events, status, errors. Records and sealed
 * interfaces without behaviour beyond the validation of their own fields; no Pekko, no JDBC.
 */
package dev.godwit.protocol;
