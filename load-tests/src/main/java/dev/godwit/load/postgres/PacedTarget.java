package dev.godwit.load.postgres;

import java.util.Locale;

/**
 * A template for target databases that take rows slowly without using the processor: every table that is made in the
 * schema public gets a check constraint that sleeps now and then. So a small table is long enough in the copy to be
 * interrupted there.
 */
public final class PacedTarget {
    /** Its name. */
    public static final String TEMPLATE = "paced";

    /** Rows per sleep, on average. */
    private static final int ROWS = 100;

    private PacedTarget() {}

    /**
     * Makes the template.
     *
     * @param microsPerRow how long a row takes, on average
     * @return its name
     */
    public static String create(BenchServer server, int microsPerRow) {
        server.recreate(TEMPLATE, "template0");
        double seconds = microsPerRow * (double) ROWS / 1e6;
        server.execute(
                TEMPLATE,
                "GRANT ALL ON SCHEMA public TO " + BenchServer.ROLE,
                String.format(Locale.ROOT, """
                        CREATE FUNCTION public.pace() RETURNS boolean LANGUAGE plpgsql AS $$
                        BEGIN
                          IF random() < 1.0 / %d THEN PERFORM pg_sleep(%f); END IF;
                          RETURN true;
                        END $$""", ROWS, seconds),
                """
                CREATE FUNCTION public.slow_down() RETURNS event_trigger LANGUAGE plpgsql AS $$
                DECLARE made record;
                BEGIN
                  FOR made IN SELECT * FROM pg_event_trigger_ddl_commands()
                    WHERE object_type = 'table' AND schema_name = 'public' LOOP
                    IF (SELECT relkind = 'r' FROM pg_class WHERE oid = made.objid) THEN
                      EXECUTE format('ALTER TABLE %s ADD CHECK (public.pace()) NO INHERIT', made.object_identity);
                    END IF;
                  END LOOP;
                END $$""",
                "CREATE EVENT TRIGGER slow_down ON ddl_command_end WHEN TAG IN ('CREATE TABLE')"
                        + " EXECUTE FUNCTION public.slow_down()");
        return TEMPLATE;
    }
}
