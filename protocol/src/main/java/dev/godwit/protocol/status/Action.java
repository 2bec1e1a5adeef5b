package dev.godwit.protocol.status;

import java.util.Locale;

/** What a person may do to a migration. */
public enum Action {
    PAUSE,
    RESUME,
    CANCEL,
    /** End a migration that is in step: its changes are captured no more. */
    COMPLETE;

    /** The word that people say and see. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
