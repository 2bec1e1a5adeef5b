package dev.godwit.node.capture;

import java.nio.charset.StandardCharsets;

/** Values of a row, in the order of a relation's columns, each in the type's text form in UTF-8. Never printed. Immutable. */
public final class Tuple {
    /** Stands for a value that is stored out of line and that the update has not touched: the stream does not hold it. */
    private static final byte[] UNCHANGED = new byte[0];

    /** What an object of this class and its arrays cost beside the values. */
    private static final int OVERHEAD_BYTES = 64;

    private static final int OVERHEAD_OF_VALUE_BYTES = 24;

    private final byte[][] values;
    private final long bytes;

    private Tuple(byte[][] values) {
        this.values = values;
        long sum = OVERHEAD_BYTES;
        for (byte[] value : values) {
            sum += OVERHEAD_OF_VALUE_BYTES + (value == null ? 0 : value.length);
        }
        this.bytes = sum;
    }

    /** Collects the values of one tuple, from the first column to the last. */
    public static final class Builder {
        private final byte[][] values;
        private int filled;

        /** @param columns how many values there will be */
        public Builder(int columns) {
            this.values = new byte[columns][];
        }

        public Builder isNull() {
            filled++;
            return this;
        }

        public Builder unchanged() {
            values[filled++] = UNCHANGED;
            return this;
        }

        /** @param value kept, not copied: nobody may write to it from now on */
        public Builder text(byte[] value) {
            // The marker is told from an empty text by being that very object.
            values[filled++] = value.length == 0 ? value.clone() : value;
            return this;
        }

        /** @throws IllegalStateException if values are missing */
        public Tuple build() {
            if (filled != values.length) {
                throw new IllegalStateException("a tuple needs a value for each column");
            }
            return new Tuple(values);
        }
    }

    public int size() {
        return values.length;
    }

    public boolean isNull(int place) {
        return values[place] == null;
    }

    public boolean isUnchanged(int place) {
        return values[place] == UNCHANGED;
    }

    /** Whether some value is not there because the update has not touched it. */
    public boolean hasUnchanged() {
        for (byte[] value : values) {
            if (value == UNCHANGED) {
                return true;
            }
        }
        return false;
    }

    /** The value's text in UTF-8; not to be written to. Null for NULL. */
    public byte[] value(int place) {
        if (isUnchanged(place)) {
            throw new IllegalStateException("the value is not in the stream");
        }
        return values[place];
    }

    /** The value's text; null for NULL. */
    public String text(int place) {
        byte[] value = value(place);
        return value == null ? null : new String(value, StandardCharsets.UTF_8);
    }

    /** This tuple, with the other's values where this one's are unchanged. */
    public Tuple completedBy(Tuple other) {
        byte[][] completed = values.clone();
        for (int i = 0; i < completed.length; i++) {
            if (completed[i] == UNCHANGED) {
                completed[i] = other.values[i];
            }
        }
        return new Tuple(completed);
    }

    /** The same in these places alone. */
    Tuple completedBy(Tuple other, int[] places) {
        byte[][] completed = values.clone();
        for (int place : places) {
            if (completed[place] == UNCHANGED) {
                completed[place] = other.values[place];
            }
        }
        return new Tuple(completed);
    }

    /** Bytes of memory that it takes, about. */
    public long bytes() {
        return bytes;
    }

    /** Without the values. */
    @Override
    public String toString() {
        return "a tuple of " + values.length + " values";
    }
}
