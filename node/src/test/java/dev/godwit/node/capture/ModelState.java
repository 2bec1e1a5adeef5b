package dev.godwit.node.capture;

import dev.godwit.protocol.table.TableSpec;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Writes all that an object of this package holds, so that two that hold the same write the same. */
final class ModelState {
    private static final Map<Class<?>, Field[]> FIELDS = new ConcurrentHashMap<>();
    private static final Set<Class<?>> PLAIN = Set.of(Visibility.class);

    /** Never changes. */
    private static final Set<Class<?>> UNWRITTEN =
            Set.of(TableSpec.class, Relation.class, KeyOrder.class, TableShape.class, Backlog.Meter.class);

    private static final Set<String> COUNT_AFTER_A_CRASH =
            Set.of("announcedAt", "acknowledged", "readRows", "position");

    private final Set<Object> open = Collections.newSetFromMap(new IdentityHashMap<>());

    private final boolean mayCrash;

    private ModelState(boolean mayCrash) {
        this.mayCrash = mayCrash;
    }

    /** @param mayCrash whether what counts after a crash alone is part of it */
    static void write(Object object, StringBuilder into, boolean mayCrash) {
        new ModelState(mayCrash).text(object, into);
    }

    private void text(Object object, StringBuilder into) {
        if (object instanceof Tuple tuple) {
            tuple(tuple, into);
        } else if (object instanceof Key key) {
            into.append(key.texts());
        } else if (object instanceof Taken taken) {
            into.append(taken.lsn()).append(taken.snapshot().inProgress());
        } else if (object instanceof Stand.InFlight flight) {
            // What it has to see, the model knows of the worker.
            text(flight.backlog(), into);
        } else if (object instanceof Effect.KeyLanded row) {
            into.append(row.shard())
                    .append(row.shard().snapshot())
                    .append(row.shard().lsn());
        } else if (object instanceof Map<?, ?> map) {
            List<Object> entries = new ArrayList<>();
            map.forEach((key, value) -> entries.add(
                    Optional.ofNullable(key).map(k -> List.of(k, value)).orElse(List.of(value))));
            sorted(entries, into);
        } else if (object instanceof Set<?> || object instanceof PriorityQueue<?>) {
            sorted((Collection<?>) object, into);
        } else if (object instanceof Collection<?> all) {
            into.append('[');
            all.forEach(one -> text(one, into.append(' ')));
            into.append(']');
        } else if (isOurs(object)) {
            fields(object, into);
        } else {
            into.append(object);
        }
    }

    private static boolean isOurs(Object object) {
        return object != null
                && object.getClass().getName().startsWith("dev.godwit.node.capture.")
                && !PLAIN.contains(object.getClass())
                && !object.getClass().isEnum();
    }

    private void sorted(Collection<?> all, StringBuilder into) {
        List<String> texts = new ArrayList<>(all.size());
        for (Object one : all) {
            StringBuilder text = new StringBuilder();
            text(one, text);
            texts.add(text.toString());
        }
        Collections.sort(texts);
        into.append(texts);
    }

    private static void tuple(Tuple tuple, StringBuilder into) {
        for (int i = 0; i < tuple.size(); i++) {
            into.append(tuple.isUnchanged(i) ? "?" : tuple.text(i)).append(',');
        }
    }

    private void fields(Object object, StringBuilder into) {
        if (!open.add(object)) {
            into.append('^');
            return;
        }
        into.append(object.getClass().getSimpleName()).append('(');
        try {
            for (Field field : FIELDS.computeIfAbsent(object.getClass(), ModelState::fieldsOf)) {
                Object value = field.get(object);
                // An entry of a list of ranges knows its table, which is written by itself.
                boolean counts = mayCrash || !COUNT_AFTER_A_CRASH.contains(field.getName());
                if (counts && (!(value instanceof TableJoin) || object instanceof ChangeJoin)) {
                    text(value, into);
                    into.append(' ');
                }
            }
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
        into.append(')');
        open.remove(object);
    }

    private static Field[] fieldsOf(Class<?> type) {
        List<Field> fields = new ArrayList<>();
        for (Field field : type.getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers()) && !UNWRITTEN.contains(field.getType())) {
                field.setAccessible(true);
                fields.add(field);
            }
        }
        return fields.toArray(Field[]::new);
    }
}
