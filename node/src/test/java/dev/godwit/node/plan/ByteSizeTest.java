package dev.godwit.node.plan;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class ByteSizeTest {
    @Property(tries = 500)
    void reads_what_it_writes(@ForAll @LongRange(min = 0) long bytes) {
        assertThat(ByteSize.parse(ByteSize.text(bytes))).hasValue(bytes);
    }

    @Test
    void writes_the_largest_unit_that_is_exact() {
        assertThat(ByteSize.text(128L << 20)).isEqualTo("128MiB");
        assertThat(ByteSize.text(16L << 30)).isEqualTo("16GiB");
        assertThat(ByteSize.text(65536)).isEqualTo("64KiB");
        assertThat(ByteSize.text(65537)).isEqualTo("65537");
        assertThat(ByteSize.text(0)).isEqualTo("0");
    }

    @Test
    void does_not_overflow() {
        assertThat(ByteSize.parse("9999999999999999999GiB")).hasValue(Long.MAX_VALUE);
        assertThat(ByteSize.parse("99999999999999999999")).isEmpty();
    }
}
