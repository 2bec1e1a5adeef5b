package dev.godwit.node.schema;

/**
 * Something of the source that is not made on the target.
 *
 * @param kind for example {@code view}
 * @param name as in the catalog, qualified; for messages
 * @param reason one sentence; empty where the whole kind is not carried
 */
public record NotCarried(String kind, String name, String reason) {}
