package dev.godwit.node.shard;

import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.UniqueAddress;

/**
 * How a node is named in events, claims and status: {@code host:port/uid}. The uid tells a node from another that was
 * started later on the same address.
 */
public final class MemberName {
    private MemberName() {}

    public static String of(Member member) {
        return of(member.uniqueAddress());
    }

    public static String of(UniqueAddress address) {
        return address.address().hostPort().replaceFirst("^.*@", "") + "/" + Long.toHexString(address.longUid());
    }
}
