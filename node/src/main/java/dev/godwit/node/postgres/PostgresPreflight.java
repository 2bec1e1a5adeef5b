package dev.godwit.node.postgres;

import dev.godwit.node.postgres.TableSizes.Size;
import dev.godwit.protocol.check.Remark;
import dev.godwit.protocol.check.RemarkCode;
import dev.godwit.protocol.check.Severity;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.plan.Plan;
import dev.godwit.protocol.plan.PostgresAddress;
import dev.godwit.protocol.table.TableName;
import dev.godwit.protocol.table.TableSpec;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The part of a check that finds what is no problem. A part that can't be asked is a
 * warning and does not hide the others. Writes nothing. For one look, by one thread.
 */
public final class PostgresPreflight {
    /** After these a side is not asked again: it would only fail, or wait, a second time. */
    private static final Set<ErrorCode> SOURCE_IS_SHUT = EnumSet.of(
            ErrorCode.SOURCE_UNREACHABLE,
            ErrorCode.SOURCE_LOGIN_REFUSED,
            ErrorCode.SOURCE_VERSION,
            ErrorCode.SOURCE_POOLER);

    private static final Set<ErrorCode> TARGET_IS_SHUT = EnumSet.of(
            ErrorCode.TARGET_UNREACHABLE,
            ErrorCode.TARGET_LOGIN_REFUSED,
            ErrorCode.TARGET_VERSION,
            ErrorCode.TARGET_POOLER);

    private static final String APPLICATION = "godwit check";
    private static final long UNKNOWN = -1;

    private final Plan plan;
    private final List<TableSpec> tables;
    private final Set<ErrorCode> known;
    private final List<Remark> remarks = new ArrayList<>();
    private Space space;

    private PostgresPreflight(Plan plan, List<TableSpec> tables, Set<ErrorCode> known) {
        this.plan = plan;
        this.tables = tables;
        this.known = known;
    }

    /**
     * What the target's disk has to take, by what the source's disk holds.
     *
     * @param rowBytes tables with TOAST
     * @param indexBytes all of their indexes
     * @param walBytes that the target's server keeps beside them; -1 if it could not be asked
     */
    public record Space(long rowBytes, long indexBytes, long walBytes) {}

    /**
     * @param warnings of severity {@link Severity#WARNING}
     * @param notes of severity {@link Severity#NOTE}
     * @param space null if it is not known
     */
    public record Found(List<Remark> warnings, List<Remark> notes, Space space) {}

    /**
     * @param tables that the plan means; empty where the source could not be asked for them
     * @param known problems that were found already
     */
    public static Found look(Plan plan, List<TableSpec> tables, List<Problem> known) {
        Set<ErrorCode> codes = EnumSet.noneOf(ErrorCode.class);
        known.forEach(problem -> codes.add(problem.code()));
        PostgresPreflight preflight = new PostgresPreflight(plan, tables, codes);
        preflight.look();
        return preflight.found();
    }

    private Found found() {
        return new Found(of(Severity.WARNING), of(Severity.NOTE), space);
    }

    private List<Remark> of(Severity severity) {
        return remarks.stream()
                .filter(remark -> remark.code().severity() == severity)
                .toList();
    }

    /** A question to a database; what it changes is rolled back. */
    @FunctionalInterface
    private interface Question<T> {
        T ask(Connection connection) throws SQLException;
    }

    /** A database that is asked, or that can't be. */
    private final class Asked implements AutoCloseable {
        private final Side side;
        private final String place;
        private final PostgresConnections connections;
        private final Optional<Connection> session;

        private Asked(PostgresAddress address, Side side, Set<ErrorCode> shut) {
            this.side = side;
            this.place = address.place();
            this.connections = new PostgresConnections(address, side, APPLICATION, 1);
            this.session = known.stream().anyMatch(shut::contains) ? Optional.empty() : open();
        }

        private Optional<Connection> open() {
            try {
                return Optional.of(connections.open());
            } catch (GodwitException e) {
                if (!known.contains(e.code())) {
                    incomplete("what the " + side.word() + " is like", e.problem());
                }
                return Optional.empty();
            }
        }

        private <T> T ask(String about, T otherwise, Question<T> question) {
            if (session.isEmpty()) {
                return otherwise;
            }
            try {
                T answer = question.ask(session.get());
                session.get().rollback();
                return answer;
            } catch (SQLException e) {
                incomplete(about, PostgresErrors.translate(e, side, place).problem());
                rollback();
                return otherwise;
            }
        }

        /** The next question shows whether the session is gone. */
        private void rollback() {
            try {
                session.get().rollback();
            } catch (SQLException e) {
                incomplete(
                        "what else the " + side.word() + " is like",
                        PostgresErrors.translate(e, side, place).problem());
            }
        }

        private void incomplete(String about, Problem why) {
            remarks.add(new Remark(
                    RemarkCode.CHECK_INCOMPLETE,
                    "It could not be seen " + about + ": " + why.what(),
                    place,
                    why.fix()));
        }

        @Override
        public void close() {
            try {
                if (session.isPresent()) {
                    session.get().close();
                }
            } catch (SQLException e) {
                // It is gone already, and nothing was to be kept.
            } finally {
                connections.close();
            }
        }
    }

    private void look() {
        PostgresAddress from = plan.source().postgres();
        PostgresAddress to = plan.targets().values().iterator().next().postgres();
        try (Asked source = new Asked(from, Side.SOURCE, SOURCE_IS_SHUT);
                Asked target = new Asked(to, Side.TARGET, TARGET_IS_SHUT)) {
            room(source);
            room(target);
            ServerFacts sourceFacts = source.ask("how the source is set up", null, ServerFacts::read);
            ServerFacts targetFacts = target.ask("how the target is set up", null, ServerFacts::read);
            Map<TableName, Size> sizes =
                    source.ask("how big tables are", Map.of(), connection -> TableSizes.read(connection, tables));
            if (sourceFacts != null) {
                remarks.addAll(SourceReadiness.remarks(sourceFacts, source.place, tables));
                remarks.addAll(SourceReadiness.online(source.place, plan, tables));
            }
            if (targetFacts != null) {
                remarks.addAll(target.ask(
                        "whether the target is ready for so much",
                        List.of(),
                        connection -> TargetReadiness.remarks(
                                connection, targetFacts, target.place, plan, tables, bytes(sizes))));
            }
            if (sourceFacts != null && targetFacts != null) {
                remarks.addAll(BothSides.remarks(sourceFacts, targetFacts, target.place));
            }
            remarks.addAll(source.ask(
                    "what the source's large objects are like",
                    List.of(),
                    connection -> LargeObjectCheck.remarks(connection, plan, source.place)));
            RowWidths widths = new RowWidths(RowWidths.NEAR, plan.limits().shardBytes());
            remarks.addAll(source.ask(
                    "how wide rows are",
                    List.of(),
                    connection -> widths.remarks(connection, tables, sizes, source.place)));
            space(target, sizes);
        }
    }

    /** Where there is no room at all, that is a problem and known. */
    private void room(Asked asked) {
        if (known.contains(asked.side.pick(ErrorCode.SOURCE_CONNECTIONS, ErrorCode.TARGET_CONNECTIONS))) {
            return;
        }
        Optional<Remark> few = asked.ask(
                "how many connections are free",
                Optional.empty(),
                connection -> ConnectionRoom.read(connection).remark(asked.side, asked.place, plan.limits()));
        few.ifPresent(remarks::add);
    }

    private static long bytes(Map<TableName, Size> sizes) {
        return sizes.values().stream().mapToLong(Size::total).sum();
    }

    private void space(Asked target, Map<TableName, Size> sizes) {
        if (sizes.isEmpty()) {
            return;
        }
        long rows = sizes.values().stream().mapToLong(Size::rows).sum();
        long indexes = sizes.values().stream().mapToLong(Size::indexes).sum();
        long wal = target.ask("how much WAL the target keeps", UNKNOWN, TargetReadiness::walBytes);
        space = new Space(rows, indexes, wal);
        remarks.add(new Remark(
                RemarkCode.SPACE_NEEDED,
                "The target's disk needs about " + Amount.bytes(rows + indexes + Math.max(0, wal)) + ": "
                        + Amount.bytes(rows) + " for rows, " + Amount.bytes(indexes)
                        + " for indexes, "
                        + (wal == UNKNOWN ? "and the WAL" : Amount.bytes(wal) + " for WAL (max_wal_size)")
                        + ". How much is free can't be asked over SQL.",
                target.place,
                "Compare it with the free space of the target's disk."));
    }
}
