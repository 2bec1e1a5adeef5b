package dev.godwit.node.postgres;

import dev.godwit.node.postgres.ServerFacts.Locale;
import dev.godwit.protocol.check.Remark;
import dev.godwit.protocol.check.RemarkCode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** What follows from source and target being different. Rows arrive exactly in all these cases. */
final class BothSides {
    private static final String UTF8 = "UTF8";
    private static final String UNCHECKED = "SQL_ASCII";

    private BothSides() {}

    /** @param place of the target */
    static List<Remark> remarks(ServerFacts source, ServerFacts target, String place) {
        List<Remark> remarks = new ArrayList<>();
        if (target.version() < source.version()) {
            remarks.add(new Remark(
                    RemarkCode.TARGET_OLDER,
                    "The target is PostgreSQL " + target.version() + " and the source " + source.version()
                            + ": what came between, in types, functions and settings, is not there.",
                    place,
                    "Use a target of version " + source.version() + " or newer."));
        }
        encodings(source, target, place, remarks);
        collations(source.locale(), target.locale(), place, remarks);
        return remarks;
    }

    /** {@code name (1 then, 2 now)}, for sentences. */
    static String changed(ServerFacts facts) {
        return facts.changedCollations().stream()
                .map(one -> Sql.printable(one.name()) + " (" + one.recorded() + " then, " + one.actual() + " now)")
                .collect(Collectors.joining(", "));
    }

    /** An unchecked source has a remark of its own, an unchecked target is a problem. */
    private static void encodings(ServerFacts source, ServerFacts target, String place, List<Remark> remarks) {
        String from = source.encoding();
        String to = target.encoding();
        if (from.equals(to) || from.equals(UNCHECKED) || to.equals(UNCHECKED)) {
            return;
        }
        if (to.equals(UTF8)) {
            remarks.add(new Remark(
                    RemarkCode.ENCODING_CONVERTED,
                    "The source's text is " + from + " and becomes UTF8: every character has its place there, and may"
                            + " take more bytes.",
                    place,
                    ""));
        } else {
            remarks.add(new Remark(
                    RemarkCode.ENCODING_NARROWER,
                    "The source's text is " + from + " and becomes " + to + ": a row with a character that " + to
                            + " lacks will be refused, and its table pause.",
                    place,
                    "Create the target database with encoding UTF8 or " + from + "."));
        }
    }

    private static void collations(Locale source, Locale target, String place, List<Remark> remarks) {
        if (!source.provider().equals(target.provider()) || !source.name().equals(target.name())) {
            remarks.add(new Remark(
                    RemarkCode.COLLATION_DIFFERS,
                    "Text without a collation of its own sorts by " + printed(source) + " in the source and by "
                            + printed(target) + " in the target: ORDER BY, ranges of text, and what counts as a letter"
                            + " come out differently.",
                    place,
                    "Create the target database with the source's locale, if the applications rely on the order."));
        } else if (!source.version().equals(target.version())) {
            remarks.add(new Remark(
                    RemarkCode.COLLATION_VERSIONS_DIFFER,
                    "Both sides sort by " + printed(source) + ", in version " + version(source) + " at the source and "
                            + version(target) + " at the target: some texts may change places.",
                    place,
                    ""));
        }
    }

    private static String printed(Locale locale) {
        return Sql.printable(locale.name()) + " (" + locale.provider() + ")";
    }

    private static String version(Locale locale) {
        return locale.version().isEmpty() ? "unknown" : locale.version();
    }
}
