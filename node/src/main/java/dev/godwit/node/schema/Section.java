package dev.godwit.node.schema;

/** When an object is made. */
public enum Section {
    /** Before any row: in the plan's order, one after the other. */
    BEFORE,

    /** Once the rows of the object's own table are in: the objects of one table in the plan's order, tables at once. */
    AFTER,

    /** Once every table has its rows and its objects of {@link #AFTER}: in the plan's order. */
    END
}
