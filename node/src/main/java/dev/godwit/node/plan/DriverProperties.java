package dev.godwit.node.plan;

import dev.godwit.protocol.error.ErrorCode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The driver properties that a plan may set. A list of what is allowed, since a driver has properties that load classes
 * ({@code socketFactory}) or write files ({@code loggerFile}).
 */
final class DriverProperties {
    private record Property(Pattern form, String says) {}

    private static final Property FILE =
            new Property(Pattern.compile("/.{1,4095}"), "the absolute path of a file on each node");

    private static final Map<String, Property> ALLOWED = new LinkedHashMap<>();

    static {
        ALLOWED.put("sslrootcert", FILE);
        ALLOWED.put("sslcert", FILE);
        ALLOWED.put("sslkey", FILE);
        ALLOWED.put(
                "connectTimeout",
                new Property(
                        Pattern.compile("[1-9][0-9]{0,2}|[12][0-9]{3}|3[0-5][0-9]{2}|3600"),
                        "a whole number of seconds from 1 to 3600"));
        ALLOWED.put("tcpKeepAlive", new Property(Pattern.compile("true|false"), "true or false"));
        ALLOWED.put(
                "channelBinding",
                new Property(Pattern.compile("disable|prefer|require"), "one of disable, prefer, require"));
    }

    private DriverProperties() {}

    static Set<String> names() {
        return Collections.unmodifiableSet(ALLOWED.keySet());
    }

    static Map<String, String> read(Value value) {
        Map<String, String> properties = new LinkedHashMap<>();
        for (Value.Member member : value.members()) {
            Property property = ALLOWED.get(member.name());
            if (Section.isUrlKey(member.name())) {
                Section.noteUrl(member);
            } else if (property == null) {
                noteNotAllowed(value, member);
            } else if (member.value()
                    .scalar()
                    .filter(text -> fits(text, property))
                    .isEmpty()) {
                member.value()
                        .wrong(
                                ErrorCode.PLAN_WRONG_VALUE,
                                "The value of property " + member.name() + " has the wrong form.",
                                "It takes " + property.says() + ".");
            } else {
                properties.put(member.name(), member.value().scalar().orElseThrow());
            }
        }
        return properties;
    }

    private static boolean fits(String text, Property property) {
        return Value.printable(text) && property.form().matcher(text).matches();
    }

    private static void noteNotAllowed(Value value, Value.Member member) {
        String meant = NearestName.of(member.name(), ALLOWED.keySet())
                .map(name -> "Did you mean " + name + "? ")
                .orElse("");
        value.findings()
                .add(
                        ErrorCode.PLAN_PROPERTY_NOT_ALLOWED,
                        member.key(),
                        member.value().path(),
                        "Property " + member.told() + " is not allowed.",
                        meant + "Allowed are: " + String.join(", ", ALLOWED.keySet()) + ".");
    }
}
