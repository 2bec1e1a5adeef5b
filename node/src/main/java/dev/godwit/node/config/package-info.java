/** Configuration: one record per section, validated when made. The only place that reads HOCON. */
package dev.godwit.node.config;
