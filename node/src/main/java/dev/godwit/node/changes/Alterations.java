package dev.godwit.node.changes;

import dev.godwit.node.capture.ChangeJoin;
import dev.godwit.node.capture.Effect;
import dev.godwit.node.source.Alteration;
import dev.godwit.node.source.ChangeSource;
import dev.godwit.node.target.ChangeTarget;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What becomes of tables that the source alters while they are followed. Further columns are taken over where that is exact
 * and the plan wants it; any other table is halted: what the target has of it stays as it is, and the other tables go on.
 * Used by the run's reading thread alone.
 *
 * <p>Either is an effect in the order of the stream, kept in the target with the changes around it: so a run that begins
 * later knows of it just where it has to.
 */
final class Alterations {
    private final ChangeSource source;
    private final ChangeTarget target;
    private final boolean follows;
    private final ChangeJoin join;

    /** What is in the target already, so that others may be told. */
    private final Map<TableName, TableSpec> followed = new HashMap<>();

    private final Map<TableName, String> halted = new HashMap<>();

    /**
     * @param follows whether the plan wants columns to be taken over
     * @param halted by earlier runs, each with a sentence why
     */
    Alterations(
            ChangeSource source, ChangeTarget target, boolean follows, ChangeJoin join, Map<TableName, String> halted) {
        this.source = source;
        this.target = target;
        this.follows = follows;
        this.join = join;
        halted.forEach(this::keepHalted);
    }

    private void keepHalted(TableName table, String why) {
        if (join.follows(table)) {
            join.abandon(table);
            halted.put(table, why);
        }
    }

    /**
     * Looks at these tables. Blocks.
     *
     * @return what is to be done in the target; nothing where all are as they are known
     */
    List<Effect> look(Collection<TableName> tables) {
        List<TableSpec> known =
                tables.stream().filter(join::follows).map(join::spec).toList();
        List<Effect> effects = new ArrayList<>();
        source.altered(known).forEach((table, alteration) -> effects.add(decided(table, alteration)));
        return effects;
    }

    /**
     * The stream tells of a table as it is not known. Blocks.
     *
     * @param what a sentence
     * @return what is to be done in the target; after it the message can be taken, or the table is halted
     */
    List<Effect> inStream(TableName table, String what) {
        List<Effect> effects = look(List.of(table));
        return effects.isEmpty() ? List.of(halt(table, what)) : effects;
    }

    /**
     * The stream tells of a table of a name that is not known: one of ours has got that name, or had it for a while.
     *
     * @param all of the migration
     * @return what is to be done in the target
     */
    List<Effect> stranger(long oid, Collection<TableName> all) {
        List<Effect> effects = look(all);
        join.passOver(oid);
        source.nameOf(oid)
                .filter(join::follows)
                .ifPresent(name -> effects.add(halt(name, "The table had another name at the source for a while.")));
        return effects;
    }

    private Effect decided(TableName table, Alteration alteration) {
        TableSpec now = alteration.followed().orElse(null);
        if (now == null) {
            return halt(table, alteration.what());
        } else if (!follows) {
            return halt(table, alteration.what() + " The plan says that such a table pauses (schemaChanges).");
        } else if (!target.canFollow(now)) {
            return halt(
                    table,
                    alteration.what()
                            + " The target has others of these names, lacks their types, or we may not add them"
                            + " there.");
        }
        join.follow(now);
        return new Effect.ColumnsAdded(now);
    }

    private Effect halt(TableName table, String why) {
        join.abandon(table);
        return new Effect.TableHalted(table, why);
    }

    /** These are durable in the target. */
    void applied(List<Effect> effects) {
        for (Effect effect : effects) {
            if (effect instanceof Effect.ColumnsAdded added) {
                followed.put(added.table().name(), added.table());
            } else if (effect instanceof Effect.TableHalted halt) {
                halted.put(halt.table(), halt.why());
                followed.remove(halt.table());
            }
        }
    }

    /** Tables with further columns, which the target has too. */
    List<TableSpec> followed() {
        return List.copyOf(followed.values());
    }

    /** Tables whose changes are not followed any more. */
    List<ChangeCapture.HaltedTable> halted() {
        return halted.entrySet().stream()
                .map(entry -> new ChangeCapture.HaltedTable(entry.getKey(), problem(entry.getKey(), entry.getValue())))
                .toList();
    }

    /** All of them in one; empty if there is none. */
    Optional<Problem> summary() {
        return halted.keySet().stream()
                .min(Comparator.naturalOrder())
                .map(first -> new Problem(
                        ErrorCode.SOURCE_TABLE_CHANGED,
                        "The changes of " + halted.size() + " tables are not followed any more, since the source has"
                                + " altered them. Everything else is in every target.",
                        first.text(),
                        "Bring them over by a plan of their own, and complete without them."));
    }

    /** Of one that is not followed. */
    Problem problem(TableName table) {
        return problem(table, halted.getOrDefault(table, "The source has altered the table."));
    }

    private static Problem problem(TableName table, String why) {
        return new Problem(
                ErrorCode.SOURCE_TABLE_CHANGED,
                why + " Its changes are not followed any more, and what the target has of it is not in step.",
                table.text(),
                "The other tables go on. To bring this one over: empty it in the target, give it the source's columns there,"
                        + " and migrate it by a plan of its own.");
    }
}
