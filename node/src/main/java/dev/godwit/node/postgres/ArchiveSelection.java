package dev.godwit.node.postgres;

import dev.godwit.node.postgres.TableOfContents.Entry;
import dev.godwit.node.postgres.TableOfContents.Half;
import dev.godwit.node.schema.NotCarried;
import dev.godwit.node.schema.ObjectKind;
import dev.godwit.node.schema.SchemaObject;
import dev.godwit.node.schema.SchemaPlan;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.table.TableName;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What of an archive is restored for a plan, when, and in which pieces. The rest is out, or is made by
 * {@link SchemaMaker}: indexes, keys and statistics of tables, which take time and are made for many tables at once.
 */
final class ArchiveSelection {
    /** What {@link SchemaMaker} makes although the archive has it; and what is a state, which it sets in any case. */
    private static final Set<ObjectKind> MADE_ELSEWHERE = Set.of(
            ObjectKind.INDEX,
            ObjectKind.PRIMARY_KEY,
            ObjectKind.UNIQUE,
            ObjectKind.EXCLUSION,
            ObjectKind.INDEX_PARTITION,
            ObjectKind.STATISTICS,
            ObjectKind.FOREIGN_KEY,
            ObjectKind.FOREIGN_KEY_VALIDATION,
            ObjectKind.REPLICA_IDENTITY,
            ObjectKind.CLUSTER_ORDER,
            ObjectKind.ANALYSIS,
            ObjectKind.SEQUENCE_POSITION);

    /** When entries are restored. */
    enum Part {
        /** Before any row. */
        BEFORE_ROWS,

        /** Once all rows, indexes and keys are there; before materialised views are refreshed. */
        AFTER_KEYS,

        /** At the very end: event triggers would fire for all that is still made. */
        LAST
    }

    /**
     * Entries that are restored in one transaction.
     *
     * @param name the same whenever the same archive is chosen from for the same plan
     */
    record Chunk(String name, Part part, List<Entry> entries) {
        Chunk {
            entries = List.copyOf(entries);
        }
    }

    private final TableOfContents contents;
    private final ArchiveObjects objects;
    private final ArchiveChoice choice;
    private final boolean withGrants;
    private final Set<List<String>> made = new HashSet<>();

    /** @param schema what {@link SchemaMaker} makes; of the same source and plan */
    ArchiveSelection(TableOfContents contents, ArchiveObjects objects, Plan plan, SchemaPlan schema) {
        this.contents = contents;
        this.objects = objects;
        this.choice = new ArchiveChoice(contents, objects, plan);
        this.withGrants = plan.grants();
        schema.objects().stream().filter(ArchiveSelection::isMadeElsewhere).forEach(object -> made.add(key(object)));
    }

    /** Whether the object is left to {@link SchemaMaker}; what is not, the archive has. */
    static boolean isMadeElsewhere(SchemaObject object) {
        // Of rights those of what it makes: the archive's entries bring their own.
        return MADE_ELSEWHERE.contains(object.kind())
                || object.kind() == ObjectKind.RIGHTS && object.shape().contains(ObjectKind.STATISTICS.name());
    }

    ArchiveObjects objects() {
        return objects;
    }

    /** Left out since it needs what the plan excludes, by kind and name. */
    List<NotCarried> notCarried() {
        return choice.notCarried();
    }

    /** Materialised views that are restored. */
    Set<TableName> materialisedViews() {
        Set<TableName> views = new HashSet<>();
        contents.entries().values().stream()
                .filter(entry -> entry.kind() == ArchiveKind.MATERIALIZED_VIEW && choice.isIn(entry))
                .filter(entry -> objects.names().containsKey(entry.id()))
                .forEach(entry -> views.add(objects.names().get(entry.id())));
        return views;
    }

    /**
     * In the order in which they are restored: the archive's. All grants come once everything that they are of is made and
     * filled, so that an owner who has revoked something from himself does not miss it meanwhile; and before materialised
     * views are filled, which their owners do by these grants.
     */
    List<Entry> entries(Part part) {
        Half half = part == Part.BEFORE_ROWS ? Half.BEFORE_ROWS : Half.AFTER_ROWS;
        List<Entry> entries = new ArrayList<>(contents.half(half).stream()
                .filter(entry -> choice.isIn(entry) && !isMadeElsewhere(entry) && !isGrant(entry))
                .filter(entry -> half == Half.BEFORE_ROWS || isOfEventTrigger(entry) == (part == Part.LAST))
                .toList());
        if (part == Part.AFTER_KEYS && withGrants) {
            for (Half each : Half.values()) {
                contents.half(each).stream()
                        .filter(entry -> choice.isIn(entry) && isGrant(entry))
                        .forEach(entries::add);
            }
        }
        return entries;
    }

    /**
     * The part in pieces, none of which needs a later one. Each begins with an entry of which can be seen whether it was
     * restored, or that may be restored again; so what can be neither is always in a piece with one that can be seen.
     *
     * @param atMost entries of one, as {@link ArchiveRestore#entriesAtOnce} tells; more only where one object has so
     *     many comments, for example
     */
    List<Chunk> chunks(Part part, int atMost) {
        List<Chunk> chunks = new ArrayList<>();
        List<Entry> some = new ArrayList<>();
        for (Entry entry : entries(part)) {
            if (some.size() >= atMost && mayBegin(entry)) {
                chunks.add(chunk(part, chunks.size(), some));
                some = new ArrayList<>();
            }
            some.add(entry);
        }
        if (!some.isEmpty()) {
            chunks.add(chunk(part, chunks.size(), some));
        }
        return chunks;
    }

    private static Chunk chunk(Part part, int number, List<Entry> entries) {
        return new Chunk(
                part + " " + number + ": " + entries.get(0).id() + " and " + (entries.size() - 1) + " more",
                part,
                entries);
    }

    /** Comments stay with what they are of: that of an extension is left out where the extension was there before. */
    private boolean mayBegin(Entry entry) {
        return objects.isWitness(entry)
                || entry.kind().mayBeThere()
                || isRepeatable(entry) && entry.kind() != ArchiveKind.COMMENT;
    }

    private boolean isRepeatable(Entry entry) {
        return entry.kind().isRepeatable() || objects.isViewsRule(entry);
    }

    private static boolean isGrant(Entry entry) {
        return entry.kind() == ArchiveKind.ACL || entry.kind() == ArchiveKind.DEFAULT_ACL;
    }

    private boolean isOfEventTrigger(Entry entry) {
        return entry.kind() == ArchiveKind.EVENT_TRIGGER
                || entry.kind().isRepeatable()
                        && entry.dependsOn().stream()
                                .map(contents.entries()::get)
                                .anyMatch(other -> other != null && other.kind() == ArchiveKind.EVENT_TRIGGER);
    }

    private boolean isMadeElsewhere(Entry entry) {
        ObjectAddress address = objects.addresses().get(entry.id());
        return switch (entry.kind()) {
            case INDEX -> address != null && made.contains(key("index", address.names()));
            case STATISTICS -> address != null && made.contains(key("statistics", address.names()));
            case CONSTRAINT, FK_CONSTRAINT -> address != null && made.contains(key("constraint", address.names()));
            // A comment on such a thing, or an index becoming a part of another.
            case COMMENT, INDEX_ATTACH ->
                entry.dependsOn().stream()
                        .map(contents.entries()::get)
                        .anyMatch(other -> other != null
                                && other.kind() != ArchiveKind.COMMENT
                                && other.kind() != ArchiveKind.INDEX_ATTACH
                                && isMadeElsewhere(other));
            default -> false;
        };
    }

    private static List<String> key(SchemaObject object) {
        return switch (object.kind()) {
            case INDEX -> key("index", List.of(object.schema(), object.name()));
            case STATISTICS -> key("statistics", List.of(object.schema(), object.name()));
            case PRIMARY_KEY, UNIQUE, EXCLUSION, FOREIGN_KEY ->
                key(
                        "constraint",
                        List.of(object.table().schema(), object.table().name(), object.name()));
            default -> List.of();
        };
    }

    private static List<String> key(String what, List<String> names) {
        List<String> key = new ArrayList<>(List.of(what));
        key.addAll(names);
        return key;
    }
}
