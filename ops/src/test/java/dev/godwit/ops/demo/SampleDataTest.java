package dev.godwit.ops.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.ops.demo.Equality.Comparison;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On two embedded servers: the data set, made twice, and what tells a difference. */
class SampleDataTest {
    private static final double TINY = 0.002;

    @TempDir
    private static Path directory;

    private static DemoServer left;
    private static DemoServer right;

    @BeforeAll
    static void start_two_servers_with_the_same_data() throws SQLException {
        left = new DemoServer(directory.resolve("left"), "reader").start();
        right = new DemoServer(directory.resolve("right"), "owner").start();
        SampleData.createTypes(left, "reader");
        SampleData.createTypes(right, "owner");
        new SampleData(TINY).create(left, "reader");
        new SampleData(TINY).create(right, "owner");
    }

    @AfterAll
    static void stop_both() {
        left.close();
        right.close();
    }

    @Test
    void is_the_same_each_time_and_has_every_kind_of_table() throws SQLException {
        List<Comparison> comparisons = Equality.compare(left, right);

        assertThat(comparisons).hasSize(11).allMatch(Comparison::equal);
        assertThat(comparisons).allMatch(c -> c.source().rows() > 1);
        assertThat(comparisons)
                .extracting(c -> c.table().text())
                .contains("public.Customer \"Notes\"; DROP TABLE users--", "sales.order_items");
    }

    @Test
    void a_changed_a_missing_and_a_doubled_row_each_make_a_table_unequal() throws SQLException {
        for (String change : List.of(
                "UPDATE public.types SET a_double = '0' WHERE id = 5",
                "DELETE FROM public.types WHERE id = 1",
                "INSERT INTO public.audit_log SELECT * FROM public.audit_log LIMIT 1",
                "UPDATE sales.orders SET note = 'x' WHERE order_no = 1")) {
            try (Connection connection = right.connect();
                    Statement statement = connection.createStatement()) {
                connection.setAutoCommit(false);
                assertThat(statement.executeUpdate(change)).isEqualTo(1);
                connection.commit();
            }
            assertThat(Equality.compare(left, right)).as(change).anyMatch(c -> !c.equal());
            restore();
        }
        assertThat(Equality.compare(left, right)).allMatch(Comparison::equal);
    }

    @Test
    void a_table_that_is_missing_on_one_side_is_unequal() throws SQLException {
        execute(right, "ALTER TABLE public.ledger SET SCHEMA godwit_elsewhere");
        try {
            assertThat(Equality.compare(left, right))
                    .filteredOn(c -> !c.equal())
                    .singleElement()
                    .satisfies(c -> {
                        assertThat(c.table().name()).isEqualTo("ledger");
                        assertThat(c.target()).isNull();
                    });
        } finally {
            execute(right, "ALTER TABLE godwit_elsewhere.ledger SET SCHEMA public");
        }
    }

    @Test
    void the_server_asks_for_a_password_and_only_this_user_can_read_it() throws Exception {
        Path password = Path.of(left.address().password().file());

        assertThat(Files.getPosixFilePermissions(password)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        String url = "jdbc:postgresql://127.0.0.1:" + left.address().port() + "/" + DemoServer.DATABASE;
        assertThat(org.assertj.core.api.Assertions.catchThrowableOfType(
                                SQLException.class, () -> DriverManager.getConnection(url, "reader", "wrong"))
                        .getSQLState())
                .startsWith("28");
        try (Connection connection = DriverManager.getConnection(
                        url, "reader", Files.readString(password).strip());
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT count(*) FROM public.users")) {
            assertThat(row.next()).isTrue();
        }
    }

    /** Puts back what the changes above changed, from the other side's rows by way of the scripts. */
    private static void restore() throws SQLException {
        execute(
                right,
                "DROP TABLE public.users, public.products, sales.orders, sales.order_items, public.sessions,"
                        + " public.events, public.audit_log, public.documents, public.ledger, public.types,"
                        + " public.\"Customer \"\"Notes\"\"; DROP TABLE users--\"");
        new SampleData(TINY).create(right, "owner");
    }

    private static void execute(DemoServer server, String sql) throws SQLException {
        try (Connection connection = server.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE SCHEMA IF NOT EXISTS godwit_elsewhere");
            statement.execute(sql);
        }
    }
}
