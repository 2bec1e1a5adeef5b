package dev.godwit.node.plan;

import dev.godwit.protocol.error.ErrorCode;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A mapping whose keys are the components of one of the plan's records, and no others. */
final class Section {
    /** Keys that people write who want to give a driver's URL, in lower case without '_' and '-'. */
    private static final Set<String> URL_KEYS = Set.of(
            "url", "uri", "dsn", "jdbc", "jdbcurl", "jdbcuri", "connectionstring", "connectionurl", "connectionuri");

    private final Value value;
    private final Map<String, Value> members = new HashMap<>();

    private Section(Value value) {
        this.value = value;
    }

    /** Reads a mapping and notes every key that the record does not have. */
    static Section of(Value value, Class<? extends Record> shape) {
        return of(value, shape, true);
    }

    /** The same for a mapping in which a key may be a secret that was written in the wrong place: it is not told. */
    static Section ofSecret(Value value, Class<? extends Record> shape) {
        return of(value, shape, false);
    }

    private static Section of(Value value, Class<? extends Record> shape, boolean keysMayBeTold) {
        Section section = new Section(value);
        List<String> known = Arrays.stream(shape.getRecordComponents())
                .map(RecordComponent::getName)
                .toList();
        for (Value.Member member : value.members()) {
            if (known.contains(member.name())) {
                // A known key gives nothing away, even where it has no value.
                String path = value.path().isEmpty() ? member.name() : value.path() + "." + member.name();
                section.members.put(member.name(), new Value(member.value().node(), path, value.findings()));
            } else if (isUrlKey(member.name())) {
                noteUrl(member);
            } else {
                section.noteUnknown(member, known, keysMayBeTold);
            }
        }
        return section;
    }

    static boolean isUrlKey(String key) {
        return URL_KEYS.contains(key.toLowerCase(Locale.ROOT).replaceAll("[_-]", ""));
    }

    static void noteUrl(Value.Member member) {
        member.value()
                .findings()
                .add(
                        ErrorCode.PLAN_DRIVER_URL,
                        member.key(),
                        member.value().path(),
                        "A driver's URL is not allowed.",
                        "Give host, port, database, user and password each under its key.");
    }

    private void noteUnknown(Value.Member member, List<String> known, boolean mayBeTold) {
        String meant = NearestName.of(member.name(), known)
                .map(name -> "Did you mean " + name + "? ")
                .orElse("");
        value.findings()
                .add(
                        ErrorCode.PLAN_UNKNOWN_KEY,
                        member.key(),
                        mayBeTold ? member.value().path() : value.path(),
                        "Key " + (mayBeTold ? member.told() : "(not shown)") + " is not known here.",
                        meant + "Allowed here: " + String.join(", ", known) + ".");
    }

    boolean has(String key) {
        return members.containsKey(key);
    }

    Optional<Value> optional(String key) {
        return Optional.ofNullable(members.get(key));
    }

    /** The value; if it is missing, that is noted. Where this is no mapping at all, that was noted already. */
    Optional<Value> required(String key) {
        if (!has(key) && value.isMapping()) {
            String path = value.path().isEmpty() ? key : value.path() + "." + key;
            value.findings()
                    .add(ErrorCode.PLAN_MISSING_KEY, value.node(), path, "Key " + key + " is missing.", "Add it.");
        }
        return optional(key);
    }
}
