package dev.godwit.node.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.node.postgres.TableOfContents.Entry;
import dev.godwit.node.postgres.TableOfContents.Half;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TableOfContentsTest {
    private static final String BEFORE = """
            ;
            ; Archive created at 2026-11-21 12:00:00 UTC
            ;     Format: CUSTOM
            ;
            7; 2615 16385 SCHEMA - a schema owner
            215; 1259 16400 TABLE a schema a "table" of two lines owner
            3400; 0 0 COMMENT a schema TABLE "a ""table"" of two lines" owner
            """;
    private static final String AFTER = "3300; 2606 16500 FK CONSTRAINT a schema t t_fkey owner\n";

    @Test
    void entries_know_their_kind_object_half_and_what_they_depend_on() {
        String everything = BEFORE.replace("owner\n3400", "owner\n;\tdepends on: 7 99\n3400")
                + ";\tdepends on: 215\n"
                + "3500; 0 0 ENCODING - ENCODING \n"
                + AFTER
                + ";\tdepends on: 3299 215\n";

        TableOfContents contents = TableOfContents.parse(everything, BEFORE, AFTER);

        assertThat(contents.entries().values())
                .containsExactly(
                        new Entry(7, 16385, ArchiveKind.SCHEMA, Half.BEFORE_ROWS, "SCHEMA - a schema owner", Set.of()),
                        new Entry(
                                215,
                                16400,
                                ArchiveKind.TABLE,
                                Half.BEFORE_ROWS,
                                "TABLE a schema a \"table\" of two lines owner",
                                Set.of(7, 99)),
                        new Entry(
                                3400,
                                0,
                                ArchiveKind.COMMENT,
                                Half.BEFORE_ROWS,
                                "COMMENT a schema TABLE \"a \"\"table\"\" of two lines\" owner",
                                Set.of(215)),
                        new Entry(
                                3300,
                                16500,
                                ArchiveKind.FK_CONSTRAINT,
                                Half.AFTER_ROWS,
                                "FK CONSTRAINT a schema t t_fkey owner",
                                Set.of(3299, 215)));
        assertThat(TableOfContents.useList(contents.half(Half.BEFORE_ROWS))).isEqualTo("7;\n215;\n3400;\n");
    }

    @ParameterizedTest
    @CsvSource({
        "1259, TABLE ATTACH x owner, TABLE",
        "0, TABLE ATTACH x owner, TABLE_ATTACH",
        "1259, INDEX ATTACH x owner, INDEX",
        "0, INDEX ATTACH shop x owner, INDEX_ATTACH",
        "1259, SEQUENCE OWNED BY owner, SEQUENCE",
        "0, SEQUENCE OWNED BY shop x owner, SEQUENCE_OWNED_BY",
        "2604, DEFAULT ACL x owner, DEFAULT",
        "826, DEFAULT ACL shop DEFAULT PRIVILEGES FOR TABLES owner, DEFAULT_ACL",
        "0, DEFAULT shop t a owner, DEFAULT",
        "2617, OPERATOR CLASS x owner, OPERATOR",
        "2616, OPERATOR CLASS shop x owner, OPERATOR_CLASS",
        "1259, MATERIALIZED VIEW shop x owner, MATERIALIZED_VIEW",
        "2606, CHECK CONSTRAINT shop t x owner, CHECK_CONSTRAINT",
        "0, ROW SECURITY shop t owner, ROW_SECURITY",
        "9999, SOMETHING NEW shop t owner, UNKNOWN"
    })
    void kinds_are_told_apart_by_catalog_where_words_are_alike(long catalog, String text, ArchiveKind kind) {
        assertThat(ArchiveKind.of(catalog, text)).isEqualTo(kind);
    }

    @Test
    void no_kind_begins_with_another_of_its_catalog() {
        for (ArchiveKind kind : ArchiveKind.values()) {
            List<ArchiveKind> others = List.of(ArchiveKind.values()).stream()
                    .filter(other -> other != kind && other.word().startsWith(kind.word() + ' '))
                    .filter(other -> java.util.Objects.equals(other.catalog(), kind.catalog()))
                    .toList();
            assertThat(others).as(kind.word()).isEmpty();
        }
    }
}
