package dev.godwit.node.online;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * One table, or family of tables, that the load writes. Its rows are numbered from 1 to {@link #space}, and their keys are
 * made of these numbers; at first those of even numbers are there.
 *
 * <p>Statements are templates: <code>{n}</code> and <code>{m}</code> are numbers of rows, <code>{v}</code> is a number
 * from 0 to 999,999 of which values are made, <code>{space}</code> is the highest number of a row.
 */
final class LoadTable {
    private static final int HOT_NUMBERS = 16;
    private static final int VALUES = 1_000_000;

    private final String name;
    private final int weight;
    private final int space;
    private final List<String> definition;
    private final Map<Kind, List<String[]>> templates = new EnumMap<>(Kind.class);

    /**
     * @param name as SQL writes it
     * @param weight how often it is drawn
     * @param definition makes it and fills it
     */
    LoadTable(String name, int weight, int space, String... definition) {
        this.name = name;
        this.weight = weight;
        this.space = space;
        this.definition =
                Arrays.stream(definition).map(sql -> filled(sql, 0, 0, 0)).toList();
    }

    /** One more way to do this: statements that belong together. */
    LoadTable on(Kind kind, String... statements) {
        templates.computeIfAbsent(kind, any -> new ArrayList<>()).add(statements);
        return this;
    }

    String name() {
        return name;
    }

    int weight() {
        return weight;
    }

    int space() {
        return space;
    }

    List<String> definition() {
        return definition;
    }

    boolean has(Kind kind) {
        return templates.containsKey(kind);
    }

    /** The next change, of a kind that the table has. */
    List<Step> next(RandomGenerator random) {
        int all = templates.keySet().stream().mapToInt(Kind::weight).sum();
        int drawn = random.nextInt(all);
        for (Kind kind : templates.keySet()) {
            drawn -= kind.weight();
            if (drawn < 0) {
                return next(kind, random);
            }
        }
        throw new IllegalStateException();
    }

    /** The next change of this kind, which the table must have. */
    List<Step> next(Kind kind, RandomGenerator random) {
        List<String[]> ways = templates.get(kind);
        String[] way = ways.get(random.nextInt(ways.size()));
        int n = number(random);
        int m = kind == Kind.MOVE ? n % space + 1 : number(random);
        int v = random.nextInt(VALUES);
        return Arrays.stream(way)
                .map(sql -> new Step(kind, filled(sql, n, m, v), false))
                .toList();
    }

    /** Every fourth one is of a few that are drawn again and again, all over the table. */
    private int number(RandomGenerator random) {
        return random.nextInt(4) == 0
                ? 1 + random.nextInt(HOT_NUMBERS) * Math.max(1, space / HOT_NUMBERS) % space
                : 1 + random.nextInt(space);
    }

    private String filled(String template, int n, int m, int v) {
        return template.replace("{n}", Integer.toString(n))
                .replace("{m}", Integer.toString(m))
                .replace("{v}", Integer.toString(v))
                .replace("{space}", Integer.toString(space));
    }
}
