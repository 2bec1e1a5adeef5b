package dev.godwit.protocol.plan;

/**
 * A database of one of the supported kinds.
 *
 * @param postgres the address of a PostgreSQL database
 */
public record Endpoint(PostgresAddress postgres) {}
