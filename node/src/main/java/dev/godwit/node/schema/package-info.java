/** What a database's tables are made of, as objects in the order in which they are made. Pure. */
package dev.godwit.node.schema;
