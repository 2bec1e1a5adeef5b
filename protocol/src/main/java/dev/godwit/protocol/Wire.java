package dev.godwit.protocol;

/** Marks a message that may travel between nodes; the node binds it to its CBOR serializer. */
public interface Wire {}
