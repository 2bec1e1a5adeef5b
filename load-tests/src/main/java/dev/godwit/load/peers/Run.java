package dev.godwit.load.peers;

import dev.godwit.load.carrier.Carried;
import java.util.Optional;

/**
 * What became of one carrier in one round.
 *
 * @param carried empty if it failed
 * @param complete whether everything came across
 * @param told what is wrong, or that nothing is
 */
record Run(Optional<Carried> carried, boolean complete, String told) {
    static Run failed(String why) {
        return new Run(
                Optional.empty(), false, "failed: " + why.replace('|', '/').replace('\n', ' '));
    }

    /** @param missing what did not come across as it was */
    static Run incomplete(Carried carried, String missing) {
        return new Run(Optional.of(carried), false, "rows; missing or different: " + missing);
    }

    static Run complete(Carried carried) {
        return new Run(Optional.of(carried), true, "everything");
    }
}
