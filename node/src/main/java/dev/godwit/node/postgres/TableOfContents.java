package dev.godwit.node.postgres;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The entries of an archive, as {@code pg_restore --list} tells them.
 *
 * <p>Its lines can't be taken apart where names hold spaces, and line breaks in names are told as spaces. So nothing is
 * made of the names but messages; which object an entry is about, its catalog and oid tell, and of entries without
 * these what they depend on, which the verbose listing tells.
 *
 * @param entries by number, in the order in which they are restored
 */
record TableOfContents(Map<Integer, Entry> entries) {
    /** {@code 215; 1259 16400 TABLE shop orders owner}. */
    private static final Pattern LINE = Pattern.compile("(\\d+); (\\d+) (\\d+) (.*)", Pattern.DOTALL);

    private static final String DEPENDS = ";\tdepends on:";

    /** In which half of the work {@code pg_restore} restores an entry. */
    enum Half {
        BEFORE_ROWS,
        AFTER_ROWS
    }

    /**
     * One entry.
     *
     * @param id its number in the archive
     * @param oid of the object in the source's catalog; 0 where the archive does not tell it
     * @param label kind, schema, name and owner; for messages alone
     * @param dependsOn numbers of entries; those of what the archive leaves out are among them
     */
    record Entry(int id, long oid, ArchiveKind kind, Half half, String label, Set<Integer> dependsOn) {
        /** What is not known from later versions has a catalog, but none that we ask. */
        boolean hasCatalog() {
            return kind.catalog() != null && oid != 0;
        }

        /** For messages. */
        String printable() {
            return Sql.printable(label);
        }
    }

    TableOfContents {
        entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
    }

    List<Entry> half(Half half) {
        return entries.values().stream().filter(entry -> entry.half() == half).toList();
    }

    /**
     * Takes listings apart.
     *
     * @param everything the verbose listing
     * @param before the listing of section pre-data
     * @param after the listing of section post-data
     */
    static TableOfContents parse(String everything, String before, String after) {
        Map<Integer, Set<Integer>> dependencies = dependencies(everything);
        Map<Integer, Entry> entries = new LinkedHashMap<>();
        add(before, Half.BEFORE_ROWS, dependencies, entries);
        add(after, Half.AFTER_ROWS, dependencies, entries);
        return new TableOfContents(entries);
    }

    private static void add(
            String listing, Half half, Map<Integer, Set<Integer>> dependencies, Map<Integer, Entry> entries) {
        for (String line : lines(listing)) {
            Matcher matcher = LINE.matcher(line);
            if (matcher.matches()) {
                int id = Integer.parseInt(matcher.group(1));
                String label = matcher.group(4);
                ArchiveKind kind = ArchiveKind.of(Long.parseLong(matcher.group(2)), label);
                long oid = Long.parseLong(matcher.group(3));
                entries.putIfAbsent(id, new Entry(id, oid, kind, half, label, dependencies.getOrDefault(id, Set.of())));
            }
        }
    }

    private static Map<Integer, Set<Integer>> dependencies(String listing) {
        Map<Integer, Set<Integer>> dependencies = new HashMap<>();
        int current = 0;
        for (String line : lines(listing)) {
            Matcher matcher = LINE.matcher(line);
            if (matcher.matches()) {
                current = Integer.parseInt(matcher.group(1));
            } else if (line.startsWith(DEPENDS)) {
                dependencies.put(current, numbers(line.substring(DEPENDS.length())));
            }
        }
        return dependencies;
    }

    private static Set<Integer> numbers(String text) {
        return Pattern.compile("\\d+")
                .matcher(text)
                .results()
                .map(found -> Integer.valueOf(found.group()))
                .collect(Collectors.toUnmodifiableSet());
    }

    /** By line feeds alone: other characters that Java takes for line breaks may stand in names. */
    private static List<String> lines(String text) {
        List<String> lines = new ArrayList<>();
        int from = 0;
        for (int to = text.indexOf('\n'); to >= 0; to = text.indexOf('\n', from)) {
            lines.add(text.substring(from, to));
            from = to + 1;
        }
        lines.add(text.substring(from));
        return lines;
    }

    /** What {@code pg_restore --use-list} reads: the numbers, in the order in which they are to be restored. */
    static String useList(List<Entry> entries) {
        return entries.stream().map(entry -> entry.id() + ";\n").collect(Collectors.joining());
    }
}
