package dev.godwit.node.config;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.SecretRef;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.UnaryOperator;

/** A secret that was read once from where a reference said. Only {@link #reveal()} shows it; equality is identity. */
public final class Secret {
    /** There is no secret: the server asks for none. */
    public static final Secret NONE = new Secret("");

    private final String value;

    private Secret(String value) {
        this.value = value;
    }

    /**
     * Reads the secret.
     *
     * @param reference where it is
     * @param environment looks a variable up, null where it is not set
     * @param where the configuration path, for messages
     * @throws GodwitException SECRET_MISSING
     */
    static Secret read(SecretRef reference, UnaryOperator<String> environment, String where) {
        Objects.requireNonNull(reference, "reference");
        if (reference.env() != null) {
            String value = environment.apply(reference.env());
            if (value == null) {
                throw missing("The environment variable " + reference.env() + " is not set.", where);
            }
            return new Secret(value);
        }
        try {
            String value = Files.readString(Path.of(reference.file()), StandardCharsets.UTF_8);
            return new Secret(value.replaceFirst("\\r?\\n\\z", ""));
        } catch (IOException | InvalidPathException e) {
            throw missing(
                    "The file " + reference.file() + " can't be read ("
                            + e.getClass().getSimpleName() + ").",
                    where);
        }
    }

    private static GodwitException missing(String what, String where) {
        return new GodwitException(
                ErrorCode.SECRET_MISSING, what, where, "Provide it on every node, or change the reference.");
    }

    public boolean isPresent() {
        return !value.isEmpty();
    }

    /** The secret itself: for a driver, never for a message. */
    public String reveal() {
        return value;
    }

    @Override
    public String toString() {
        return isPresent() ? "***" : "none";
    }
}
