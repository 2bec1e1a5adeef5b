package dev.godwit.node.house;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Instant;
import java.util.Arrays;
import java.util.stream.Stream;

/** The arrows of ARCHITECTURE.md: imports go down only, and what is pure stays pure. */
@AnalyzeClasses(
        packages = {"dev.godwit.node", "dev.godwit.protocol", "org.postgresql.core"},
        importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    private static final String NODE = "dev.godwit.node.";

    private static final String[] PURE = {
        NODE + "plan..",
        NODE + "split..",
        NODE + "ledger..",
        NODE + "lifecycle..",
        NODE + "progress..",
        NODE + "schema.."
    };
    private static final String[] PORTS = {NODE + "source..", NODE + "target..", NODE + "access.."};
    private static final String[] ACTORS = {NODE + "migration..", NODE + "changes..", NODE + "shard..", NODE + "sink.."
    };
    private static final String PROTOCOL = "dev.godwit.protocol..";

    private static final String PEKKO = "org.apache.pekko..";
    private static final String[] JDBC = {"java.sql..", "javax.sql..", "org.postgresql..", "com.zaxxer.."};
    private static final String HOCON = "com.typesafe.config..";

    @ArchTest
    static final ArchRule nobody_imports_boot = noClasses()
            .that()
            .resideOutsideOfPackage(NODE + "boot..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage(NODE + "boot..");

    @ArchTest
    static final ArchRule http_knows_actors_by_their_gateway_alone = noClasses()
            .that()
            .resideInAPackage(NODE + "http..")
            .should()
            .dependOnClassesThat(resideInAnyPackage("dev.godwit.node..")
                    .and(not(resideInAnyPackage(NODE + "http..", NODE + "plan..")))
                    .and(not(gateway())));

    @ArchTest
    static final ArchRule nothing_below_imports_http = noClasses()
            .that()
            .resideOutsideOfPackages(NODE + "http..", NODE + "boot..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage(NODE + "http..");

    @ArchTest
    static final ArchRule decisions_and_ports_do_not_know_the_actors = noClasses()
            .that()
            .resideInAnyPackage(join(PURE, PORTS))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(ACTORS);

    @ArchTest
    static final ArchRule decisions_and_ports_are_free_of_pekko_and_jdbc = noClasses()
            .that()
            .resideInAnyPackage(join(PURE, PORTS))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(join(JDBC, PEKKO, HOCON));

    @ArchTest
    static final ArchRule the_protocol_is_free_of_pekko_jdbc_and_the_node = noClasses()
            .that()
            .resideInAPackage(PROTOCOL)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(join(JDBC, PEKKO, HOCON, "dev.godwit.node..", "dev.godwit.ops.."));

    @ArchTest
    static final ArchRule a_store_is_seen_by_boot_alone = noClasses()
            .that()
            .resideOutsideOfPackages(NODE + "boot..", NODE + "postgres..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage(NODE + "postgres..");

    @ArchTest
    static final ArchRule a_store_knows_ports_and_neither_actors_nor_pekko = noClasses()
            .that()
            .resideInAPackage(NODE + "postgres..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(join(ACTORS, PEKKO, NODE + "join..", NODE + "config..", NODE + "access.."));

    /** The state store is not a store of migrations: join speaks to it directly, for it is what the cluster stands on. */
    @ArchTest
    static final ArchRule jdbc_is_spoken_by_stores_and_join_alone = noClasses()
            .that()
            .resideOutsideOfPackages(NODE + "postgres..", NODE + "join..", "org.postgresql.core..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(JDBC);

    @ArchTest
    static final ArchRule the_windows_into_the_driver_are_used_by_postgres_alone = noClasses()
            .that()
            .resideOutsideOfPackages(NODE + "postgres..", "org.postgresql.core..")
            .should()
            .dependOnClassesThat()
            .haveNameMatching("org\\.postgresql\\.(core\\.CopyDataFrames|jdbc\\.StatementGroup)");

    @ArchTest
    static final ArchRule join_stands_on_config_alone = noClasses()
            .that()
            .resideInAPackage(NODE + "join..")
            .should()
            .dependOnClassesThat(resideInAnyPackage("dev.godwit.node..")
                    .and(not(resideInAnyPackage(NODE + "join..", NODE + "config.."))));

    /** Two exceptions: boot hands the loaded configuration on, and http makes Pekko HTTP's own settings, which are HOCON. */
    @ArchTest
    static final ArchRule configuration_is_read_in_config = noClasses()
            .that()
            .resideOutsideOfPackages(NODE + "config..", NODE + "boot..", NODE + "http..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage(HOCON);

    @ArchTest
    static final ArchRule packages_have_no_cycles =
            slices().matching("dev.godwit.node.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule packages_of_the_protocol_have_no_cycles =
            slices().matching("dev.godwit.protocol.(*)..").should().beFreeOfCycles();

    /** Nothing is decided by the machine's clock of the day; where people are told a time, a Clock is injected. */
    @ArchTest
    static final ArchRule nobody_asks_the_clock_of_the_day = noClasses()
            .that()
            .resideInAPackage("dev.godwit.node..")
            .should()
            .callMethod(Instant.class, "now")
            .orShould()
            .callMethod(System.class, "currentTimeMillis");

    /** What actors offer to whoever asks about migrations: an interface and its records. */
    private static DescribedPredicate<JavaClass> gateway() {
        return DescribedPredicate.describe(
                "are the gateway", found -> found.getName().startsWith(NODE + "migration.MigrationGateway"));
    }

    private static String[] join(String[] first, String... more) {
        return Stream.concat(Arrays.stream(first), Arrays.stream(more)).toArray(String[]::new);
    }
}
