package dev.godwit.node.postgres;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.plan.SecretRef;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/** Finds what a {@link SecretRef} refers to. Secrets are looked up for each new session, so they may be rotated. */
final class Secrets {
    private Secrets() {}

    /**
     * The secret, or null for a null reference.
     *
     * @param environment from a variable's name to its value or null
     * @throws GodwitException with SECRET_MISSING; names the reference, never a value
     */
    static String resolve(SecretRef reference, UnaryOperator<String> environment, String where) {
        if (reference == null) {
            return null;
        }
        if (reference.env() != null) {
            String value = environment.apply(reference.env());
            if (value == null) {
                throw new GodwitException(
                        ErrorCode.SECRET_MISSING,
                        "The environment variable " + reference.env() + " is not set on this node.",
                        where,
                        "Set the variable on every node, or refer to a file.");
            }
            return value;
        }
        return fromFile(reference.file(), where);
    }

    private static String fromFile(String file, String where) {
        try {
            return withoutLastLineBreak(Files.readString(Path.of(file), StandardCharsets.UTF_8));
        } catch (IOException | InvalidPathException e) {
            throw new GodwitException(
                    ErrorCode.SECRET_MISSING,
                    "The file " + file + " can't be read on this node ("
                            + e.getClass().getSimpleName() + ").",
                    where,
                    "Put the file on every node and let the node's user read it.");
        }
    }

    private static String withoutLastLineBreak(String text) {
        if (text.endsWith("\r\n")) {
            return text.substring(0, text.length() - 2);
        }
        return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    }
}
