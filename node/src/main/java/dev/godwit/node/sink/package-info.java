/** The actor that owns a target's connections and byte budget on one node. */
package dev.godwit.node.sink;
