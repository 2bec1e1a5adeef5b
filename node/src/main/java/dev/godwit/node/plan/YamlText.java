package dev.godwit.node.plan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.godwit.protocol.error.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.composer.Composer;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.AliasEvent;
import org.yaml.snakeyaml.events.CollectionEndEvent;
import org.yaml.snakeyaml.events.CollectionStartEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.NodeEvent;
import org.yaml.snakeyaml.events.ScalarEvent;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.parser.Parser;
import org.yaml.snakeyaml.parser.ParserImpl;
import org.yaml.snakeyaml.reader.ReaderException;
import org.yaml.snakeyaml.reader.StreamReader;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * Turns text into a tree of nodes that know their line and column. Takes YAML 1.2's core schema, and so JSON, without
 * tags, anchors and aliases: a plan needs none, and each has been a way to make a reader load classes or run out of
 * memory. The parser's own messages quote the text, so none of them is passed on.
 */
final class YamlText {
    /** Of the text in UTF-8. */
    static final int MOST_BYTES = 1 << 20;

    /** Mappings and lists inside each other; a plan needs 5. */
    static final int MOST_DEPTH = 20;

    private static final ObjectMapper STRICT_JSON =
            new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /** The parser's messages, in the order in which they are tried, and what we say instead. */
    private static final List<Map.Entry<String, String>> WORDS = List.of(
            Map.entry("mapping values are not allowed", "A colon is not allowed here: quote the text that holds it."),
            Map.entry("(TAB)", "A tab is not allowed here: use spaces."),
            Map.entry("cannot start any token", "This character can't start a value: quote the text."),
            Map.entry("unexpected end of stream", "A quote is opened and never closed."),
            Map.entry("expected ',' or '}'", "A comma or a closing brace is missing."),
            Map.entry("expected ',' or ']'", "A comma or a closing bracket is missing."),
            Map.entry("expected <block end>", "The indentation does not fit the lines above."),
            Map.entry("could not find expected ':'", "A colon is missing after a key."),
            Map.entry("escape", "A backslash in double quotes is followed by a character that makes no escape."),
            Map.entry("but found another document", "There is more than one document; a plan is one."));

    private final String text;
    private final Findings findings;

    private YamlText(String text, Findings findings) {
        this.text = text;
        this.findings = findings;
    }

    /** @throws PlanRejected if the text is too long, is no YAML, holds no document, or uses what plans may not use */
    static Node parse(String text, Findings findings) {
        if (text.length() > MOST_BYTES || text.getBytes(StandardCharsets.UTF_8).length > MOST_BYTES) {
            findings.add(ErrorCode.PLAN_SYNTAX, 1, 1, "", "The plan is longer than 1 MiB.", "Use patterns in include.");
            findings.rejectIfAny();
        }
        return new YamlText(withoutTabs(text), findings).parse();
    }

    /** JSON may be indented by tabs, which YAML refuses. In valid JSON a tab is never part of a value. */
    private static String withoutTabs(String text) {
        if (text.indexOf('\t') < 0 || !text.stripLeading().startsWith("{")) {
            return text;
        }
        try {
            STRICT_JSON.readTree(text);
            return text.replace('\t', ' ');
        } catch (JsonProcessingException notJson) {
            return text;
        }
    }

    private Node parse() {
        Node root = null;
        try {
            refuseWhatPlansMayNotUse();
            findings.rejectIfAny();
            root = new Composer(parser(), new CoreSchema(), options()).getSingleNode();
        } catch (ReaderException refused) {
            addAt(refused.getPosition(), "A control character or half a surrogate pair is not allowed in a plan.");
        } catch (MarkedYAMLException refused) {
            Mark mark = refused.getProblemMark() != null ? refused.getProblemMark() : refused.getContextMark();
            findings.add(ErrorCode.PLAN_SYNTAX, mark, "", words(refused.getProblem()), "Write valid YAML or JSON.");
        } catch (YAMLException refused) {
            addAt(0, "The text is no valid YAML.");
        }
        findings.rejectIfAny();
        if (root == null) {
            addAt(0, "The plan is empty.");
            findings.rejectIfAny();
        }
        return root;
    }

    /** Looks at the stream of events, which needs no recursion, before a tree is built from it. */
    private void refuseWhatPlansMayNotUse() {
        Parser parser = parser();
        int depth = 0;
        for (Event event = parser.getEvent(); event != null; event = parser.getEvent()) {
            if (event instanceof NodeEvent node && node.getAnchor() != null) {
                String what = event instanceof AliasEvent ? "An alias (*) is" : "An anchor (&) is";
                findings.add(
                        ErrorCode.PLAN_SYNTAX,
                        event.getStartMark(),
                        "",
                        what + " not allowed in a plan.",
                        "Write it out.");
            }
            boolean tagged = event instanceof ScalarEvent scalar && scalar.getTag() != null
                    || event instanceof CollectionStartEvent collection && collection.getTag() != null;
            if (tagged) {
                findings.add(
                        ErrorCode.PLAN_SYNTAX,
                        event.getStartMark(),
                        "",
                        "A tag (!) is not allowed in a plan.",
                        "Leave the tag out; quote the text if it starts with an exclamation mark.");
            }
            depth += event instanceof CollectionStartEvent ? 1 : event instanceof CollectionEndEvent ? -1 : 0;
            if (depth > MOST_DEPTH) {
                findings.add(
                        ErrorCode.PLAN_SYNTAX,
                        event.getStartMark(),
                        "",
                        "More than " + MOST_DEPTH + " mappings and lists stand inside each other.",
                        "A plan needs at most five.");
                return;
            }
        }
    }

    private Parser parser() {
        return new ParserImpl(new StreamReader(text), options());
    }

    private static LoaderOptions options() {
        LoaderOptions options = new LoaderOptions();
        options.setNestingDepthLimit(MOST_DEPTH + 1);
        options.setMaxAliasesForCollections(0);
        return options;
    }

    private static String words(String parserMessage) {
        return WORDS.stream()
                .filter(entry -> parserMessage != null && parserMessage.contains(entry.getKey()))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse("The text is no valid YAML from here on.");
    }

    /** @param position in characters from 0 */
    private void addAt(int position, String what) {
        int end = text.offsetByCodePoints(0, Math.min(position, text.codePointCount(0, text.length())));
        String before = text.substring(0, end);
        int line = 1 + (int) before.chars().filter(c -> c == '\n').count();
        int column = 1 + before.codePointCount(before.lastIndexOf('\n') + 1, before.length());
        findings.add(ErrorCode.PLAN_SYNTAX, line, column, "", what, "Write valid YAML or JSON.");
    }

    /** YAML 1.2's core schema. The parser's own is 1.1's, where {@code no} is a boolean and {@code 1:30} is ninety. */
    private static final class CoreSchema extends Resolver {
        private static final Pattern BOOLEAN = Pattern.compile("true|True|TRUE|false|False|FALSE");
        private static final Pattern WHOLE = Pattern.compile("[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+");
        private static final Pattern NUMBER = Pattern.compile(
                "[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\\.(inf|Inf|INF)|\\.(nan|NaN|NAN)");
        private static final Pattern NOTHING = Pattern.compile("|~|null|Null|NULL");

        @Override
        protected void addImplicitResolvers() {
            addImplicitResolver(Tag.BOOL, BOOLEAN, "tTfF");
            addImplicitResolver(Tag.INT, WHOLE, "-+0123456789");
            addImplicitResolver(Tag.FLOAT, NUMBER, "-+0123456789.");
            addImplicitResolver(Tag.NULL, NOTHING, "~nN\0");
        }
    }
}
