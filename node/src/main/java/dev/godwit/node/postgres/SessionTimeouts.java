package dev.godwit.node.postgres;

import dev.godwit.node.postgres.ServerFacts.Setting;
import dev.godwit.protocol.check.Remark;
import dev.godwit.protocol.check.RemarkCode;
import java.util.ArrayList;
import java.util.List;

/** Timeouts that a server, role or database sets for sessions, and whether ours are free of them. */
final class SessionTimeouts {
    private static final String NONE = "0";

    private SessionTimeouts() {}

    static List<Remark> remarks(ServerFacts facts, Side side, String place) {
        List<String> stay = new ArrayList<>();
        List<String> lifted = new ArrayList<>();
        for (String name : ServerFacts.TIMEOUTS) {
            Setting setting = facts.settings().get(name);
            if (setting == null) {
                continue;
            }
            if (!setting.now().equals(NONE)) {
                stay.add(name + " = " + setting.now());
            } else if (!setting.atLogin().equals(NONE)) {
                String origin = setting.origin().isEmpty() ? "the server's configuration" : setting.origin();
                lifted.add(name + " = " + setting.atLogin() + " ms by " + origin);
            }
        }
        List<Remark> remarks = new ArrayList<>();
        if (!stay.isEmpty()) {
            remarks.add(new Remark(
                    RemarkCode.SESSION_TIMEOUT_STAYS,
                    "A session of ours has set its timeouts to 0, and the " + side.word() + " still says "
                            + String.join(", ", stay) + ": a long copy would be cut off.",
                    place,
                    "Set them to 0 for the role, or see what stands between Godwit and the server."));
        }
        if (!lifted.isEmpty()) {
            remarks.add(new Remark(
                    RemarkCode.SESSION_TIMEOUT_LIFTED,
                    "Sessions of the " + side.word() + " begin with " + String.join(", ", lifted)
                            + ". Godwit sets them to 0 in its own, and was allowed to.",
                    place,
                    ""));
        }
        return remarks;
    }
}
