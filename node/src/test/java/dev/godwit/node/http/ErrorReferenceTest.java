package dev.godwit.node.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.protocol.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ErrorReferenceTest {
    private static List<String[]> rows() throws IOException {
        return Files.readAllLines(Path.of("..", "docs", "reference", "errors.md")).stream()
                .filter(line -> line.startsWith("| `"))
                .map(line -> line.substring(2).split(" *\\| *", -1))
                .toList();
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    @Test
    void the_table_of_errors_is_the_catalogue() throws IOException {
        List<String> documented = rows().stream()
                .map(cells -> String.join(" | ", List.of(cells).subList(0, 5)))
                .toList();
        List<String> catalogue = Stream.of(ErrorCode.values())
                .map(code -> "`%s` | %s | %d | %d | %s"
                        .formatted(code, word(code.category()), code.httpStatus(), code.exitCode(), word(code.retry())))
                .toList();

        assertThat(documented).isEqualTo(catalogue);
    }

    @Test
    void every_error_says_what_it_means_and_what_to_do() throws IOException {
        for (String[] cells : rows()) {
            assertThat(cells[5]).as("meaning of " + cells[0]).isNotBlank();
            assertThat(cells[6]).as("what to do about " + cells[0]).isNotBlank();
        }
    }
}
