package dev.godwit.node.house;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.protocol.check.RemarkCode;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RemarkReferenceTest {
    private static final List<List<String>> ROWS =
            Documents.table("docs/reference/check.md", "| code | severity | meaning | what to do |");

    @Test
    void the_table_of_remarks_is_the_catalogue() {
        assertThat(ROWS.stream().map(row -> row.get(0) + " " + row.get(1)))
                .containsExactlyElementsOf(Stream.of(RemarkCode.values())
                        .map(code -> "`" + code + "` " + code.severity().name().toLowerCase(Locale.ROOT))
                        .toList());
    }

    @Test
    void every_remark_says_what_it_means_and_what_to_do() {
        assertThat(ROWS).allSatisfy(row -> assertThat(row).hasSize(4).noneMatch(String::isBlank));
    }
}
