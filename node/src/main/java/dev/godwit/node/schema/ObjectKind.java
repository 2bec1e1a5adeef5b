package dev.godwit.node.schema;

/** Kinds of what is made; in each section objects of an earlier kind come first, but for {@link #TABLE} and before. */
public enum ObjectKind {
    SCHEMA("schema"),
    COLLATION("collation"),
    ENUM("enum type"),
    DOMAIN("domain"),
    COMPOSITE("composite type"),
    RANGE("range type"),
    SEQUENCE("sequence"),
    TABLE("table"),

    /** Attaches a table to the partitioned table above it. */
    PARTITION("partition"),

    /** A default that calls what is not carried; the other defaults are part of their table. */
    COLUMN_DEFAULT("column default"),

    /** Also the one that a {@link #PRIMARY_KEY} or {@link #UNIQUE} constraint is then made of. */
    INDEX("index"),
    PRIMARY_KEY("primary key"),
    UNIQUE("unique constraint"),
    EXCLUSION("exclusion constraint"),

    /** Attaches an index to the partitioned index above it. */
    INDEX_PARTITION("partition of an index"),

    /** A table's checks in one statement, since each statement reads the table. */
    CHECKS("check constraints"),

    /** A check that calls what is not carried. */
    CHECK("check constraint"),
    STATISTICS("statistics object"),
    REPLICA_IDENTITY("replica identity"),
    CLUSTER_ORDER("cluster order"),
    ANALYSIS("analysis"),

    /** Makes a table or sequence unlogged. */
    PERSISTENCE("persistence"),

    /** Added without looking at rows, but for that of a partitioned table, or to one: PostgreSQL can't do it so. */
    FOREIGN_KEY("foreign key"),
    FOREIGN_KEY_VALIDATION("validation of a foreign key"),
    SEQUENCE_POSITION("position of a sequence"),

    /** Gives an object the owner and the grants that it has at the source. Last, since it may take rights from us. */
    RIGHTS("owner and grants of");

    private final String word;

    ObjectKind(String word) {
        this.word = word;
    }

    /** For messages. */
    public String word() {
        return word;
    }

    /** Whether it is no object but a state, which is set again each time. */
    public boolean isState() {
        return switch (this) {
            case REPLICA_IDENTITY, CLUSTER_ORDER, ANALYSIS, PERSISTENCE, SEQUENCE_POSITION, RIGHTS -> true;
            case SCHEMA,
                    COLLATION,
                    ENUM,
                    DOMAIN,
                    COMPOSITE,
                    RANGE,
                    SEQUENCE,
                    TABLE,
                    PARTITION,
                    COLUMN_DEFAULT,
                    INDEX,
                    PRIMARY_KEY,
                    UNIQUE,
                    EXCLUSION,
                    INDEX_PARTITION,
                    CHECKS,
                    CHECK,
                    STATISTICS,
                    FOREIGN_KEY,
                    FOREIGN_KEY_VALIDATION -> false;
        };
    }

    /** Whether rows can't land without it. */
    public boolean isNeededByRows() {
        return compareTo(TABLE) <= 0;
    }

    /** Whether it may be what tells rows from each other. */
    public boolean isKey() {
        return this == INDEX || this == PRIMARY_KEY || this == UNIQUE;
    }

    /** Whether several are worth making at once: it takes time, and no lock that another of the kind may hold. */
    public boolean mayBeMadeSideBySide() {
        return readsRows() && this != FOREIGN_KEY;
    }

    /** Whether making it reads its table's rows, and so takes time and memory. */
    public boolean readsRows() {
        return switch (this) {
            case INDEX, EXCLUSION, CHECKS, CHECK, ANALYSIS, PERSISTENCE, FOREIGN_KEY, FOREIGN_KEY_VALIDATION -> true;
            case SCHEMA,
                    COLLATION,
                    ENUM,
                    DOMAIN,
                    COMPOSITE,
                    RANGE,
                    SEQUENCE,
                    TABLE,
                    PARTITION,
                    COLUMN_DEFAULT,
                    PRIMARY_KEY,
                    UNIQUE,
                    INDEX_PARTITION,
                    STATISTICS,
                    REPLICA_IDENTITY,
                    CLUSTER_ORDER,
                    SEQUENCE_POSITION,
                    RIGHTS -> false;
        };
    }
}
