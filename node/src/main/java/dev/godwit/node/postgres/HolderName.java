package dev.godwit.node.postgres;

import dev.godwit.protocol.table.TableName;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The {@code application_name} of a session that holds a claim: {@code godwit/CLUSTER/SHARD/NODE}. At most 63 bytes,
 * all of them ASCII, so that the server keeps it as it is.
 *
 * @param cluster 8 hex digits of a hash of the cluster's id
 * @param shard 16 hex digits of a hash of migration, table and shard
 * @param node the end of the node's name, up to 30 characters
 */
record HolderName(String cluster, String shard, String node) {
    private static final int LONGEST_NODE = 30;

    static HolderName of(String cluster, String migration, TableName table, String shard, String node) {
        String plain = node.replaceAll("[^A-Za-z0-9._:@-]", "_");
        return new HolderName(
                cluster(cluster),
                hash(migration + '\0' + table.text() + '\0' + shard, 16),
                plain.substring(Math.max(0, plain.length() - LONGEST_NODE)));
    }

    /** The cluster's part of the name; empty for no cluster. */
    static String cluster(String cluster) {
        return cluster.isEmpty() ? "" : hash(cluster, 8);
    }

    String text() {
        return "godwit/" + cluster + '/' + shard + '/' + node;
    }

    /** Key of the advisory lock by which a session that holds the claims of several shards is found for each. */
    long lockKey() {
        return Long.parseUnsignedLong(shard, 16);
    }

    /** @param digits of hexadecimal, up to 64 */
    static String hash(String text, int digits) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest).substring(0, digits);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
