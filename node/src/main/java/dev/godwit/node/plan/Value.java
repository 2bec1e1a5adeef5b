package dev.godwit.node.plan;

import dev.godwit.protocol.error.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * A value in the plan, read as what it should be. Where it is something else, that is noted as a finding and a stand-in
 * is answered, so that reading goes on and all findings are told at once; a plan with findings is never handed out. No
 * finding quotes a value: it could be a secret in the wrong place.
 *
 * @param path keys from the top joined by dots
 */
record Value(Node node, String path, Findings findings) {
    /** What a text must be like; {@code says} ends the sentence "It takes …". */
    record TextForm(Predicate<String> holds, String says) {
        static TextForm of(String regex, String says) {
            return new TextForm(Pattern.compile(regex).asMatchPredicate(), says);
        }
    }

    /** A key that can be told without giving anything away: it looks like a key, not like a secret or a value. */
    private static final Predicate<String> TELLABLE =
            Pattern.compile("[A-Za-z][A-Za-z0-9_.-]{0,62}").asMatchPredicate();

    private static final Pattern URL = Pattern.compile("(?s)\\s*(jdbc:.*|[A-Za-z][A-Za-z0-9+.-]*://.*)");

    /** One key of a mapping and its value. {@code told} is how messages call the key: by name or as "this key". */
    record Member(ScalarNode key, String told, Value value) {
        String name() {
            return key.getValue();
        }
    }

    boolean is(Tag tag) {
        return node.getTag().equals(tag);
    }

    boolean isMapping() {
        return node instanceof MappingNode;
    }

    /** Whether it is a text that looks like a driver's URL. */
    boolean isUrl() {
        return node instanceof ScalarNode scalar
                && URL.matcher(scalar.getValue()).matches();
    }

    void wrong(ErrorCode code, String what, String fix) {
        findings.add(code, node, path, what, fix);
    }

    /** The members in their order; of a key that stands twice only the first. */
    List<Member> members() {
        if (!(node instanceof MappingNode mapping)) {
            wrongType("a mapping of keys to values", "Write keys below it, each with a colon and a value.");
            return List.of();
        }
        Map<String, Member> members = new LinkedHashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                findings.add(ErrorCode.PLAN_WRONG_TYPE, tuple.getKeyNode(), path, "A key is no text.", "Write a name.");
                continue;
            }
            Member member = member(key, tuple.getValueNode());
            Member earlier = members.putIfAbsent(member.name(), member);
            if (earlier != null) {
                int line = earlier.key().getStartMark().getLine() + 1;
                findings.add(
                        ErrorCode.PLAN_SYNTAX,
                        key,
                        member.value().path(),
                        "Key " + member.told() + " stands twice; the first is in line " + line + ".",
                        "Remove one of the two.");
            }
        }
        return List.copyOf(members.values());
    }

    /** A key without a value may be a value that is missing its key, as in {@code password: {hunter2}}. */
    private Member member(ScalarNode key, Node value) {
        boolean tellable = TELLABLE.test(key.getValue()) && !value.getTag().equals(Tag.NULL);
        String told = tellable ? key.getValue() : "(not shown)";
        return new Member(key, told, new Value(value, path.isEmpty() ? told : path + "." + told, findings));
    }

    /** The items of a list. */
    List<Value> items() {
        if (!(node instanceof SequenceNode sequence)) {
            wrongType("a list", "Write [\"…\", \"…\"], or each item on a line that starts with a dash.");
            return List.of();
        }
        List<Value> items = new ArrayList<>();
        for (Node item : sequence.getValue()) {
            items.add(new Value(item, path + "[" + items.size() + "]", findings));
        }
        return items;
    }

    /** A text of that form. */
    String text(TextForm form) {
        if (!is(Tag.STR)) {
            wrongType("a text", node instanceof ScalarNode ? "Put it in quotes to make it a text." : "Write a text.");
            return "";
        }
        String text = ((ScalarNode) node).getValue();
        if (!printable(text)) {
            wrong(ErrorCode.PLAN_WRONG_VALUE, "The text holds a control character.", "Remove it.");
        } else if (!form.holds().test(text)) {
            wrong(ErrorCode.PLAN_WRONG_VALUE, "The text has the wrong form.", "It takes " + form.says() + ".");
        }
        return text;
    }

    /** One of the words. */
    String word(List<String> allowed) {
        String expected = "one of " + String.join(", ", allowed);
        if (!is(Tag.STR)) {
            wrongType("a word", "It takes " + expected + ".");
            return allowed.get(0);
        }
        String word = ((ScalarNode) node).getValue();
        if (!allowed.contains(word)) {
            String meant = NearestName.of(word, allowed)
                    .map(name -> "Did you mean " + name + "? ")
                    .orElse("");
            wrong(ErrorCode.PLAN_WRONG_VALUE, "The word is not known here.", meant + "It takes " + expected + ".");
        }
        return word;
    }

    /** One of an enum's constants, written in lower case. */
    <E extends Enum<E>> E choice(Class<E> type) {
        List<E> constants = List.of(type.getEnumConstants());
        List<String> words =
                constants.stream().map(e -> e.name().toLowerCase(Locale.ROOT)).toList();
        int at = words.indexOf(word(words));
        return constants.get(Math.max(at, 0));
    }

    /** True or false. */
    boolean truth() {
        if (!is(Tag.BOOL)) {
            wrongType("true or false", "Write true or false, without quotes.");
            return false;
        }
        return Boolean.parseBoolean(((ScalarNode) node).getValue());
    }

    /** A whole number between the bounds, both inclusive. */
    int wholeNumber(int least, int most) {
        String expected = "It takes a whole number from " + least + " to " + most;
        if (!is(Tag.INT)) {
            wrongType("a whole number", expected + ", without quotes.");
            return least;
        }
        OptionalLong number = ByteSize.parse(((ScalarNode) node).getValue().replaceFirst("^\\+", ""));
        if (number.isEmpty() || number.getAsLong() < least || number.getAsLong() > most) {
            wrong(ErrorCode.PLAN_WRONG_VALUE, "The number is outside its bounds.", expected + ".");
            return least;
        }
        return (int) number.getAsLong();
    }

    /** A size in bytes between the bounds, both inclusive. */
    long bytes(long least, long most) {
        String bounds = " It takes " + ByteSize.text(least) + " to " + ByteSize.text(most) + ".";
        String units = "Units are " + ByteSize.UNITS + "." + bounds;
        if (!is(Tag.INT) && !is(Tag.STR)) {
            wrongType("a size in bytes", "Write for example 128MiB. " + units);
            return least;
        }
        OptionalLong bytes = ByteSize.parse(((ScalarNode) node).getValue());
        if (bytes.isEmpty()) {
            wrong(ErrorCode.PLAN_WRONG_VALUE, "The size has no known unit or is no whole number.", units);
            return least;
        }
        if (bytes.getAsLong() < least || bytes.getAsLong() > most) {
            wrong(ErrorCode.PLAN_WRONG_VALUE, "The size is outside its bounds.", bounds.strip());
            return least;
        }
        return bytes.getAsLong();
    }

    /** The text of a text, number or boolean, as it was written; empty for anything else. */
    Optional<String> scalar() {
        return node instanceof ScalarNode scalar && !is(Tag.NULL) ? Optional.of(scalar.getValue()) : Optional.empty();
    }

    void wrongType(String takes, String fix) {
        wrong(ErrorCode.PLAN_WRONG_TYPE, "This is " + kind() + ", but it takes " + takes + ".", fix);
    }

    private String kind() {
        if (node instanceof MappingNode) {
            return "a mapping";
        }
        if (node instanceof SequenceNode) {
            return "a list";
        }
        return Stream.of(
                        Map.entry(Tag.NULL, "empty"),
                        Map.entry(Tag.BOOL, "true or false"),
                        Map.entry(Tag.INT, "a whole number"),
                        Map.entry(Tag.FLOAT, "a number with a fraction"))
                .filter(entry -> is(entry.getKey()))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse("a text");
    }

    /** No control characters, and nothing that UTF-8 can't hold. */
    static boolean printable(String text) {
        return text.chars().noneMatch(Character::isISOControl)
                && StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }
}
