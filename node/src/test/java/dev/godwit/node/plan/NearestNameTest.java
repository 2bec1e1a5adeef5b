package dev.godwit.node.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestNameTest {
    @ParameterizedTest
    @CsvSource({"port,port,0", "port,prot,1", "port,ports,1", "port,pot,1", "port,part,1", "'',abc,3", "abc,xyz,3"})
    void counts_the_letters_that_differ(String a, String b, int distance) {
        assertThat(NearestName.distance(a, b)).isEqualTo(distance);
        assertThat(NearestName.distance(b, a)).isEqualTo(distance);
    }

    @Test
    void finds_the_nearest_and_nothing_where_none_is_near() {
        List<String> known = List.of("host", "port", "database", "user", "password", "sslmode");
        assertThat(NearestName.of("prot", known)).contains("port");
        assertThat(NearestName.of("SSLMode", known)).contains("sslmode");
        assertThat(NearestName.of("dataBase_", known)).contains("database");
        assertThat(NearestName.of("colour", known)).isEmpty();
        assertThat(NearestName.of("", known)).isEmpty();
        assertThat(NearestName.of("p".repeat(1_000_000), known)).isEmpty();
    }
}
