package dev.godwit.node.source;

import java.util.List;

/**
 * How a table is made anew in another database: SQL built from the source's catalogs, every name quoted and qualified.
 * Never a dump, so that no text of the source is run by anything but a server.
 *
 * @param prerequisites what must be there first, in the order in which it is to be made
 * @param createTable one {@code CREATE TABLE IF NOT EXISTS}: columns, types, collations, NOT NULL, generated columns,
 *     identities and constant defaults; no keys, no checks, no foreign keys
 * @param keys to be built once the rows are in; empty if the table has none
 * @param identities where the identity columns' sequences stand now
 */
public record TableDefinition(
        List<Prerequisite> prerequisites,
        String createTable,
        List<KeyDefinition> keys,
        List<IdentityPosition> identities) {
    public TableDefinition {
        prerequisites = List.copyOf(prerequisites);
        keys = List.copyOf(keys);
        identities = List.copyOf(identities);
    }

    /** Something that a table needs before it can be made. Names are as in the catalog, not quoted. */
    public sealed interface Prerequisite {
        record SchemaNeeded(String name) implements Prerequisite {}

        /** @param labels in order */
        record EnumNeeded(String schema, String name, List<String> labels) implements Prerequisite {
            public EnumNeeded {
                labels = List.copyOf(labels);
            }
        }

        /**
         * @param create the {@code CREATE DOMAIN}
         * @param shape type that the domain is over, with its modifier
         */
        record DomainNeeded(String schema, String name, String create, String shape) implements Prerequisite {}

        /**
         * A type that Godwit does not make: composite, range, or of an extension.
         *
         * @param shape attributes in order, or what the range is over; empty where the name says all
         */
        record TypeNeeded(String schema, String name, String shape) implements Prerequisite {}

        record CollationNeeded(String schema, String name) implements Prerequisite {}
    }

    /**
     * A primary or unique key.
     *
     * @param name of the constraint
     * @param primary whether it is the primary key
     * @param definition as {@code pg_get_constraintdef} prints it, for example {@code PRIMARY KEY (a, b)}
     */
    public record KeyDefinition(String name, boolean primary, String definition) {}

    /**
     * An identity column's sequence.
     *
     * @param lastValue what it gave last; null if it never gave one or the user may not see it
     * @param ascending whether it counts up
     */
    public record IdentityPosition(String column, Long lastValue, boolean ascending) {}
}
