package dev.godwit.node.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.SchemaMode;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SchemaChoiceTest {
    private static final Dumpable FIFTEEN = new Dumpable(15, List.of());
    private static final Dumpable SEVENTEEN = new Dumpable(17, List.of());

    @Test
    void a_dump_is_chosen_where_every_node_has_programs_that_fit() {
        SchemaChoice choice =
                SchemaChoice.of(FIFTEEN, SEVENTEEN, Map.of("a", Set.of(13, 15), "b", Set.of(17), "c", Set.of(16)));

        assertThat(choice)
                .isEqualTo(new SchemaChoice(
                        SchemaMode.DUMP, "pg_dump and pg_restore of version 15 to 17 are on all 3 nodes"));
    }

    @Test
    void one_node_without_them_is_named_and_tables_are_chosen() {
        SchemaChoice choice =
                SchemaChoice.of(FIFTEEN, FIFTEEN, Map.of("a", Set.of(15), "b", Set.of(14, 17), "c", Set.of()));

        assertThat(choice.mode()).isEqualTo(SchemaMode.TABLES);
        assertThat(choice.reason())
                .isEqualTo("pg_dump and pg_restore of version 15 are not on b (found 14, 17), c (found none)");
    }

    @Test
    void an_older_target_and_what_is_in_the_way_of_a_dump_choose_tables() {
        Map<String, Set<Integer>> programs = Map.of("a", Set.of(15, 17));

        assertThat(SchemaChoice.of(SEVENTEEN, FIFTEEN, programs))
                .isEqualTo(new SchemaChoice(
                        SchemaMode.TABLES, "the target is PostgreSQL 15 and the source PostgreSQL 17"));
        assertThat(SchemaChoice.of(
                        new Dumpable(15, List.of(new Problem(ErrorCode.SOURCE_FAILED, "It is dark.", "", ""))),
                        SEVENTEEN,
                        programs))
                .isEqualTo(new SchemaChoice(SchemaMode.TABLES, "It is dark"));
    }

    @Test
    void a_dump_that_the_plan_wants_is_refused_where_a_node_could_not_go_on_with_it() {
        assertThat(SchemaChoice.unfitNodes(15, 17, Map.of("a", Set.of(15), "b", Set.of(14)), "shop"))
                .hasValueSatisfying(problem -> {
                    assertThat(problem).extracting(Problem::code).isEqualTo(ErrorCode.CLIENT_PROGRAMS_UNFIT);
                    assertThat(problem.what()).contains("are not on b (found 14)");
                });
        assertThat(SchemaChoice.unfitNodes(15, 17, Map.of("a", Set.of(15)), "shop"))
                .isEmpty();
    }
}
