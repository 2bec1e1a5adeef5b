package dev.godwit.node.postgres;

import dev.godwit.node.postgres.TableOfContents.Entry;
import dev.godwit.node.schema.NotCarried;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.TableName;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Which entries of an archive a plan's patterns mean.
 *
 * <ul>
 *   <li>A table that they do not mean is out, and so is all that depends on it, but for its partitions, which stand alone
 *       then, and for its columns' sequences. Godwit's own schema is out too.
 *   <li>A view, function, type, sequence and so on that they do not mean is in only where something that is in needs it.
 *   <li>What hangs on others, such as indexes, triggers, comments and grants, is in with these.
 *   <li>What has no schema is in: extensions, casts, languages, servers. A schema is in unless all in it is not.
 * </ul>
 */
final class ArchiveChoice {
    private static final Set<ArchiveKind> TOLD_OF_TABLES = Set.of(
            ArchiveKind.TRIGGER,
            ArchiveKind.RULE,
            ArchiveKind.POLICY,
            ArchiveKind.DEFAULT,
            ArchiveKind.CHECK_CONSTRAINT,
            ArchiveKind.STATISTICS);

    private final Map<Integer, Entry> entries;
    private final ArchiveObjects objects;
    private final SchemaSelection.Filter filter;
    private final Map<Integer, List<Entry>> dependents = new HashMap<>();

    /** Numbers of entries that are out, with those of what they need; of what the plan excludes its own. */
    private final Map<Integer, Integer> out = new LinkedHashMap<>();

    /** Sequences that columns of excluded tables own. */
    private final Set<Integer> loose = new HashSet<>();

    private final Set<Integer> in = new HashSet<>();

    ArchiveChoice(TableOfContents contents, ArchiveObjects objects, Plan plan) {
        this.entries = contents.entries();
        this.objects = objects;
        this.filter = new SchemaSelection.Filter(plan);
        entries.values()
                .forEach(entry -> entry.dependsOn()
                        .forEach(other -> dependents
                                .computeIfAbsent(other, id -> new ArrayList<>())
                                .add(entry)));
        exclude();
        include();
    }

    boolean isIn(Entry entry) {
        return in.contains(entry.id());
    }

    /** What is meant and left out nevertheless, since it needs an excluded table. */
    List<NotCarried> notCarried() {
        List<NotCarried> left = new ArrayList<>();
        out.forEach((id, cause) -> {
            Entry entry = entries.get(id);
            boolean told = entry.kind().hangsOnOthers() ? isOfWhatIsIn(entry) : isMeant(entry);
            if (!cause.equals(id) && told) {
                int root = cause;
                while (out.get(root) != root) {
                    root = out.get(root);
                }
                left.add(new NotCarried(
                        entry.kind().word().toLowerCase(Locale.ROOT),
                        name(entry),
                        "It needs what the plan excludes: " + name(entries.get(root)) + "."));
            }
        });
        return left;
    }

    /** Whether it is missed: not where its own table is excluded. */
    private boolean isOfWhatIsIn(Entry entry) {
        TableName host = host(entry);
        return TOLD_OF_TABLES.contains(entry.kind())
                && entry.dependsOn().stream()
                        .map(entries::get)
                        .filter(other -> other != null && other.kind().isRelation() && isIn(other))
                        .anyMatch(other ->
                                host == null || host.equals(objects.names().get(other.id())));
    }

    private String name(Entry entry) {
        TableName name = objects.names().get(entry.id());
        ObjectAddress address = objects.addresses().get(entry.id());
        return name != null ? name.text() : address != null ? address.text() : entry.printable();
    }

    private void exclude() {
        Deque<Integer> open = new ArrayDeque<>();
        entries.values().stream().filter(this::isExcluded).forEach(entry -> {
            out.put(entry.id(), entry.id());
            open.add(entry.id());
        });
        while (!open.isEmpty()) {
            Entry cause = entries.get(open.remove());
            for (Entry entry : dependents.getOrDefault(cause.id(), List.of())) {
                if (isFreeOf(cause, entry)) {
                    continue;
                }
                if (out.putIfAbsent(entry.id(), cause.id()) == null) {
                    open.add(entry.id());
                }
                Entry view = objects.isViewsRule(entry) ? viewOf(entry) : null;
                if (view != null && out.putIfAbsent(view.id(), entry.id()) == null) {
                    open.add(view.id());
                }
            }
        }
    }

    private boolean isExcluded(Entry entry) {
        TableName name = objects.names().get(entry.id());
        if (entry.kind() == ArchiveKind.SCHEMA) {
            ObjectAddress address = objects.addresses().get(entry.id());
            return address != null && address.names().get(0).equals(TargetTables.SCHEMA);
        }
        boolean hasRows = entry.kind() == ArchiveKind.TABLE || entry.kind() == ArchiveKind.FOREIGN_TABLE;
        return name != null && (name.schema().equals(TargetTables.SCHEMA) || hasRows && !filter.means(name));
    }

    /** Whether what depends on something that is out can do without it. */
    private boolean isFreeOf(Entry cause, Entry entry) {
        if (objects.isPartitionOf(entry, cause)) {
            return true;
        }
        boolean owned = entry.kind() == ArchiveKind.SEQUENCE
                && cause.kind().isRelation()
                && Long.valueOf(cause.oid()).equals(objects.owners().get(entry.oid()));
        if (owned) {
            loose.add(entry.id());
        }
        return owned;
    }

    private Entry viewOf(Entry rule) {
        TableName name = host(rule);
        return rule.dependsOn().stream()
                .map(entries::get)
                .filter(entry -> entry != null && name.equals(objects.names().get(entry.id())))
                .filter(entry -> entry.kind().isRelation())
                .findFirst()
                .orElse(null);
    }

    private void include() {
        Deque<Entry> open = new ArrayDeque<>();
        entries.values().stream().filter(this::isWantedForItself).forEach(open::add);
        while (!open.isEmpty()) {
            Entry entry = open.remove();
            if (out.containsKey(entry.id()) || !in.add(entry.id())) {
                continue;
            }
            entry.dependsOn().stream()
                    .map(entries::get)
                    .filter(other -> other != null && !objects.isPartitionOf(entry, other))
                    .forEach(open::add);
            dependents.getOrDefault(entry.id(), List.of()).stream()
                    .filter(other -> hangs(other, entry))
                    .forEach(open::add);
        }
    }

    private boolean isWantedForItself(Entry entry) {
        List<Entry> hosts = entry.dependsOn().stream()
                .map(entries::get)
                .filter(Objects::nonNull)
                .toList();
        if (entry.kind().hangsOnOthers()) {
            return hosts.isEmpty();
        }
        if (entry.kind() == ArchiveKind.SCHEMA) {
            return dependents.getOrDefault(entry.id(), List.of()).stream()
                    .allMatch(other -> other.kind().hangsOnOthers());
        }
        return !loose.contains(entry.id()) && isMeant(entry);
    }

    private boolean isMeant(Entry entry) {
        TableName name = objects.names().get(entry.id());
        return !entry.kind().isNamedByPatterns() || name == null || filter.means(name);
    }

    /** Whether the other one comes with this: with a table, say, its triggers, but not those that use this function. */
    private boolean hangs(Entry other, Entry on) {
        if (!other.kind().hangsOnOthers() || other.kind() == ArchiveKind.SEQUENCE_OWNED_BY && loose.contains(on.id())) {
            return false;
        }
        TableName host = host(other);
        if (host != null) {
            return on.kind().isRelation() && host.equals(objects.names().get(on.id()));
        }
        return on.kind().isRelation()
                || other.dependsOn().stream()
                        .map(entries::get)
                        .noneMatch(one -> one != null && one.kind().isRelation());
    }

    /** What a trigger, rule, policy, constraint or default is of; null where its own name does not say it. */
    private TableName host(Entry entry) {
        ObjectAddress address = objects.addresses().get(entry.id());
        return address != null && address.names().size() == 3
                ? new TableName(address.names().get(0), address.names().get(1))
                : null;
    }
}
