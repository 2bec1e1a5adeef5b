package dev.godwit.node.postgres;

import static dev.godwit.protocol.plan.TablePatterns.isExact;
import static dev.godwit.protocol.plan.TablePatterns.wellFormed;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.TableName;
import java.util.List;

/** A list of the plan's patterns, as {@link dev.godwit.protocol.plan.TablePatterns} reads them. */
final class TablePatterns {
    private final List<String> patterns;

    /** @throws GodwitException with PLAN_WRONG_VALUE for a text that is no pattern, such as one without a dot */
    TablePatterns(List<String> patterns) {
        for (String pattern : patterns) {
            if (!wellFormed(pattern)) {
                throw new GodwitException(
                        ErrorCode.PLAN_WRONG_VALUE,
                        Sql.printable(pattern) + " is not a pattern.",
                        "include, exclude",
                        "Write schema.table, for example public.*.");
            }
        }
        this.patterns = List.copyOf(patterns);
    }

    boolean matches(TableName name) {
        return patterns.stream().anyMatch(pattern -> matches(pattern, name));
    }

    private static boolean matches(String pattern, TableName name) {
        return dev.godwit.protocol.plan.TablePatterns.matches(pattern, name);
    }

    /** Patterns that name one table, and none of these. */
    List<String> namesNotAmong(List<TableName> tables) {
        return patterns.stream()
                .filter(pattern -> isExact(pattern) && tables.stream().noneMatch(table -> matches(pattern, table)))
                .toList();
    }
}
