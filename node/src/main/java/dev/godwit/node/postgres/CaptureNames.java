package dev.godwit.node.postgres;

import dev.godwit.protocol.plan.Plan;
import java.util.TreeMap;

/**
 * What the slot and the publication of a migration are called, both alike: {@code godwit_shop_1f0c9a3b}. Beside the
 * migration's name the source's database and the targets count, by their hash: slots are the whole server's, and two
 * migrations of one name into two targets must not read one slot. At most 63 characters of {@code [a-z0-9_]}.
 *
 * @param slot and publication
 */
record CaptureNames(String slot) {
    private static final String PREFIX = "godwit_";
    private static final int LONGEST = 63;
    private static final int HASH_DIGITS = 8;

    static CaptureNames of(Plan plan) {
        StringBuilder identity = new StringBuilder(plan.name())
                .append('\n')
                .append(plan.source().postgres().database());
        new TreeMap<>(plan.targets())
                .forEach((name, target) -> identity.append('\n')
                        .append(name)
                        .append(' ')
                        .append(target.postgres().place()));
        String hash = HolderName.hash(identity.toString(), HASH_DIGITS);
        String readable = plan.name().replaceAll("[^a-z0-9_]", "_");
        int room = LONGEST - PREFIX.length() - 1 - hash.length();
        return new CaptureNames(PREFIX + readable.substring(0, Math.min(room, readable.length())) + '_' + hash);
    }

    String publication() {
        return slot;
    }
}
