package dev.godwit.node.schema;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a migration leaves out of a schema that makes tables with their types and keys alone, by kind and name. Needed
 * types that can't be made are no gap but a problem of the check, and are not among it.
 */
public final class LeftOut {
    private static final Set<ObjectKind> NOT_MADE = EnumSet.of(
            ObjectKind.SEQUENCE,
            ObjectKind.PARTITION,
            ObjectKind.COLUMN_DEFAULT,
            ObjectKind.INDEX,
            ObjectKind.EXCLUSION,
            ObjectKind.CHECKS,
            ObjectKind.CHECK,
            ObjectKind.STATISTICS,
            ObjectKind.REPLICA_IDENTITY,
            ObjectKind.CLUSTER_ORDER,
            ObjectKind.PERSISTENCE,
            ObjectKind.FOREIGN_KEY);

    private LeftOut() {}

    public static List<NotCarried> of(SchemaPlan plan) {
        Set<SchemaObject.Key> ofMadeKeys = plan.objects().stream()
                .filter(object -> object.kind() == ObjectKind.PRIMARY_KEY || object.kind() == ObjectKind.UNIQUE)
                .map(LeftOut::index)
                .collect(Collectors.toSet());
        List<NotCarried> left = new ArrayList<>();
        for (SchemaObject object : plan.objects()) {
            boolean made = !NOT_MADE.contains(object.kind())
                    || object.kind() == ObjectKind.INDEX && ofMadeKeys.contains(object.key());
            if (!made) {
                String name = object.identity().substring(object.kind().word().length() + 1);
                left.add(new NotCarried(object.kind().word(), name, ""));
            }
        }
        left.addAll(plan.notCarried());
        return left;
    }

    /** The index that a constraint is made of has its name. */
    private static SchemaObject.Key index(SchemaObject constraint) {
        return new SchemaObject.Key(ObjectKind.INDEX, constraint.schema(), constraint.name(), constraint.table());
    }
}
