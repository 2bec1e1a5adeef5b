package dev.godwit.node.capture;

import java.util.List;

/** A row's key, to be compared with others of the same table. Never printed. Immutable. */
final class Key implements Comparable<Key> {
    private final List<String> texts;
    private final Comparable<?>[] values;

    /** @param values what the texts mean, each comparable with the value in its place of another key */
    Key(List<String> texts, Comparable<?>[] values) {
        this.texts = List.copyOf(texts);
        this.values = values;
    }

    List<String> texts() {
        return texts;
    }

    @Override
    public int compareTo(Key other) {
        for (int i = 0; i < values.length; i++) {
            int order = compare(values[i], other.values[i]);
            if (order != 0) {
                return order;
            }
        }
        return 0;
    }

    @SuppressWarnings("unchecked")
    private static <T> int compare(Comparable<T> left, Comparable<?> right) {
        return left.compareTo((T) right);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Key key && compareTo(key) == 0;
    }

    /** Of nothing: equal keys may have different texts, and keys are never hashed. */
    @Override
    public int hashCode() {
        return values.length;
    }

    @Override
    public String toString() {
        return "a key of " + values.length + " columns";
    }
}
