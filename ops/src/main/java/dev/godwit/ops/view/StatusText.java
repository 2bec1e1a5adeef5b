package dev.godwit.ops.view;

import dev.godwit.ops.view.TextTable.Column;
import dev.godwit.protocol.check.Remark;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.Problem;
import dev.godwit.protocol.status.CaptureStatus;
import dev.godwit.protocol.status.ChangeCounts;
import dev.godwit.protocol.status.CountedChanges;
import dev.godwit.protocol.status.Health;
import dev.godwit.protocol.status.InFlight;
import dev.godwit.protocol.status.Limit;
import dev.godwit.protocol.status.MigrationStatus;
import dev.godwit.protocol.status.NodeStatus;
import dev.godwit.protocol.status.Phase;
import dev.godwit.protocol.status.TableState;
import dev.godwit.protocol.status.TableStatus;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** A migration's status in words. */
public final class StatusText {
    private static final int BAR_WIDTH = 30;
    private static final int PROBLEMS_SHOWN = 10;

    /** What to read when checking the plan again is of no use. */
    public static final String SNAPSHOT_LOST_PAGE = "docs/how-to/resume-and-recover.md, 'The snapshot is lost'";

    private final Style style;

    public StatusText(Style style) {
        this.style = style;
    }

    /** Whether the migration has failed for good, since the moment that it copied can't be read any more. */
    public static boolean snapshotIsLost(MigrationStatus status) {
        return status.phase() == Phase.FAILED
                && status.problems().stream().anyMatch(problem -> problem.code() == ErrorCode.SNAPSHOT_LOST);
    }

    /**
     * Whether rows are left that can be read as of the migration's moment alone, so that the end of all nodes ends it. The
     * nodes give the snapshot up themselves as soon as all rows are in; before the check has ended there is none.
     */
    public static boolean needsSnapshot(MigrationStatus status) {
        return status.consistency().equals("snapshot")
                && !status.phase().ended()
                && status.phase() != Phase.DRAFTED
                && status.phase() != Phase.INDEXING
                && status.tablesDone() < status.tablesTotal();
    }

    /** One line for a log: everything that changes, nothing that wraps. */
    public String line(MigrationStatus status) {
        return status.name() + " " + status.phase().word() + " " + health(status) + ", " + share(status) + ", "
                + amount(status) + ", " + speed(status) + ", shards " + Quantity.count(status.shardsDone()) + " done "
                + status.shardsRunning() + " running, left " + left(status) + limit(status)
                + (status.phase() == Phase.PAUSED ? "; godwit resume " + status.name() + " goes on" : "");
    }

    /**
     * The whole picture.
     *
     * @param tables all tables, or none if they are not known yet
     * @param tablesShown how many of them get a line: the biggest
     */
    public List<String> block(MigrationStatus status, List<TableStatus> tables, int tablesShown) {
        List<String> lines = new ArrayList<>();
        lines.add(style.bold(Style.printable(status.name())) + "  "
                + status.phase().word() + "  " + health(status));
        lines.add("  " + bar(status) + "  " + share(status) + "  " + amount(status));
        lines.add("  " + speed(status) + "  left " + left(status) + limit(status));
        lines.add("  tables " + status.tablesDone() + " of " + status.tablesTotal() + " done"
                + (status.tablesPaused() > 0 ? ", " + style.warning(status.tablesPaused() + " paused") : "")
                + "  shards " + Quantity.count(status.shardsDone()) + " done, " + status.shardsRunning() + " running"
                + "  retries " + status.retries());
        if (status.capture() != null) {
            lines.add("  " + changes(status.capture()));
        }
        if (!status.schemaReason().isEmpty()) {
            lines.add("  schema: " + Style.printable(status.schema()) + ", chosen since "
                    + Style.printable(status.schemaReason()));
        }
        if (!status.nodes().isEmpty()) {
            lines.add("  nodes " + status.nodes().size() + ": "
                    + status.nodes().stream().map(StatusText::node).collect(Collectors.joining(", ")));
        }
        tables(tables, tablesShown).forEach(line -> lines.add("  " + line));
        status.alarms()
                .forEach(alarm -> finding(style.warning(alarm.code().name()), alarm.where(), alarm.what(), alarm.fix())
                        .forEach(line -> lines.add("  " + line)));
        status.problems().stream()
                .limit(PROBLEMS_SHOWN)
                .forEach(problem -> lines.addAll(
                        problem(problem).stream().map(line -> "  " + line).toList()));
        if (status.problems().size() > PROBLEMS_SHOWN) {
            lines.add("  and " + (status.problems().size() - PROBLEMS_SHOWN) + " more problems");
        }
        return lines;
    }

    private String changes(CaptureStatus changes) {
        if (!changes.running()) {
            return "changes " + style.warning("are not applied") + kept(changes)
                    + (changes.problem() == null
                            ? ""
                            : ": " + Style.printable(changes.problem().what()));
        }
        String behind = changes.bytesBehind() < 0 || changes.secondsBehind() < 0
                ? "not known how far behind"
                : Quantity.bytes(changes.bytesBehind()) + " and "
                        + String.format(java.util.Locale.ROOT, "%.1f s", changes.secondsBehind()) + " behind";
        return "changes " + behind + ": " + counted(changes) + ", "
                + Quantity.count(changes.changesWaiting()) + " waiting" + kept(changes)
                + (changes.problem() == null
                        ? ""
                        : "; " + style.warning(Style.printable(changes.problem().what())));
    }

    /** They begin anew with another reader: that is said. */
    private static String counted(CaptureStatus changes) {
        ChangeCounts applied = changes.counted().applied();
        return Quantity.count(applied.inserted()) + " inserted, " + Quantity.count(applied.updated()) + " updated, "
                + Quantity.count(applied.deleted()) + " deleted"
                + (applied.truncated() == 0 ? "" : ", " + Quantity.count(applied.truncated()) + " truncated") + " of "
                + Quantity.count(changes.counted().captured().total()) + " captured"
                + (changes.countedSince() == null
                        ? ""
                        : " since " + changes.countedSince().truncatedTo(ChronoUnit.SECONDS));
    }

    private static String kept(CaptureStatus changes) {
        if (changes.retainedBytes() < 0) {
            return "";
        }
        String left = changes.safeBytes() < 0 ? "" : ", " + Quantity.bytes(changes.safeBytes()) + " left";
        return ", the source keeps " + Quantity.bytes(changes.retainedBytes()) + " of its log"
                + (changes.walStatus().isEmpty() ? "" : " (" + Style.printable(changes.walStatus()) + left + ")");
    }

    /** One line per migration. */
    public List<String> list(List<MigrationStatus> migrations) {
        TextTable table = new TextTable(
                Column.text("migration"),
                Column.text("phase"),
                Column.text("health"),
                Column.text("share"),
                Column.number("rows"),
                Column.number("bytes"),
                Column.text("left"));
        migrations.forEach(m -> table.row(
                m.name(),
                m.phase().word(),
                m.health(),
                share(m),
                Quantity.count(m.rows()),
                Quantity.bytes(m.bytes()),
                left(m)));
        return table.lines();
    }

    /** Code and place, then what was found and what to do. */
    public List<String> problem(Problem problem) {
        return finding(style.bad(problem.code().name()), problem.where(), problem.what(), problem.fix());
    }

    /** As a problem. */
    public List<String> remark(Remark remark) {
        String code = remark.code().name();
        String coloured = switch (remark.code().severity()) {
            case WARNING -> style.warning(code);
            case NOTE -> style.bold(code);
        };
        return finding(coloured, remark.where(), remark.what(), remark.fix());
    }

    private static List<String> finding(String code, String where, String what, String fix) {
        List<String> lines = new ArrayList<>();
        lines.add(code + (where.isEmpty() ? "" : "  " + Style.printable(where)));
        what.lines().forEach(line -> lines.add("  " + Style.printable(line)));
        if (!fix.isEmpty()) {
            lines.add("  Fix: " + Style.printable(fix));
        }
        return lines;
    }

    private List<String> tables(List<TableStatus> tables, int shown) {
        if (tables.isEmpty() || shown < 1) {
            return List.of();
        }
        boolean withChanges = tables.stream().anyMatch(table -> table.changes() != null);
        List<Column> columns = new ArrayList<>(List.of(
                Column.text("table"),
                Column.text("state"),
                Column.number("rows"),
                Column.number("bytes"),
                Column.number("%"),
                Column.number("shards done"),
                Column.number("running")));
        if (withChanges) {
            columns.addAll(List.of(
                    Column.number("captured"),
                    Column.number("inserted"),
                    Column.number("updated"),
                    Column.number("deleted")));
        }
        TextTable text = new TextTable(columns.toArray(Column[]::new));
        List<TableStatus> biggest = tables.stream()
                .sorted(Comparator.comparing((TableStatus t) -> t.state() == TableState.PAUSED)
                        .thenComparing(TableStatus::estimatedBytes)
                        .reversed()
                        .thenComparing(TableStatus::table))
                .toList();
        biggest.stream().limit(shown).forEach(t -> {
            List<Object> cells = new ArrayList<>(List.of(
                    t.table(),
                    t.state().name().toLowerCase(java.util.Locale.ROOT),
                    Quantity.count(t.rows() + t.liveRows()),
                    Quantity.bytes(t.bytes() + (double) t.liveBytes()),
                    percent(t),
                    Quantity.count(t.shardsDone()) + (t.allCut() ? " of " + Quantity.count(shards(t)) : ""),
                    t.shardsRunning()));
            if (withChanges) {
                cells.addAll(changes(t));
            }
            text.row(cells.toArray());
        });
        List<String> lines = new ArrayList<>(text.lines());
        if (biggest.size() > shown) {
            Map<String, Long> rest = biggest.stream()
                    .skip(shown)
                    .collect(Collectors.groupingBy(
                            t -> t.state().name().toLowerCase(java.util.Locale.ROOT),
                            TreeMap::new,
                            Collectors.counting()));
            lines.add("and " + (biggest.size() - shown) + " more: "
                    + rest.entrySet().stream()
                            .map(e -> e.getValue() + " " + e.getKey())
                            .collect(Collectors.joining(", ")));
        }
        return lines;
    }

    private static List<Object> changes(TableStatus table) {
        CountedChanges changes = table.changes() == null ? CountedChanges.NONE : table.changes();
        ChangeCounts applied = changes.applied();
        return List.of(
                Quantity.count(changes.captured().total()),
                Quantity.count(applied.inserted()),
                Quantity.count(applied.updated()),
                Quantity.count(applied.deleted()));
    }

    private static long shards(TableStatus table) {
        return table.shardsDone() + table.shardsRunning() + table.shardsWaiting();
    }

    /** By rows where the statistics know them: bytes on disk are not the bytes that travel. */
    private static int percent(TableStatus table) {
        if (table.state() == TableState.COMPLETED) {
            return 100;
        }
        return table.estimatedRows() > 0
                ? Quantity.percent(table.rows() + table.liveRows(), table.estimatedRows())
                : Quantity.percent(table.bytes() + table.liveBytes(), table.estimatedBytes());
    }

    private String health(MigrationStatus status) {
        String word = switch (status.health()) {
            case RUNNING -> style.good(status.health().name());
            case DEGRADED -> style.warning(status.health().name());
            case STALLED -> style.bad(status.health().name());
            case IDLE -> style.dim(status.health().name());
        };
        return status.reason().isEmpty() ? word : word + ": " + Style.printable(status.reason());
    }

    private static String share(MigrationStatus status) {
        return status.phase() == Phase.COMPLETED ? "100%" : "about " + share(status, 100) + "%";
    }

    private static int share(MigrationStatus status, int whole) {
        return Quantity.percent(travelled(status), status.estimatedBytes()) * whole / 100;
    }

    private static long travelled(MigrationStatus status) {
        return status.bytes() + status.liveBytes();
    }

    private String bar(MigrationStatus status) {
        int full = status.phase() == Phase.COMPLETED ? BAR_WIDTH : share(status, BAR_WIDTH);
        return "[" + style.good("#".repeat(full)) + ".".repeat(BAR_WIDTH - full) + "]";
    }

    private static String amount(MigrationStatus status) {
        String rows = Quantity.count(status.rows() + status.liveRows()) + " rows";
        return status.phase() == Phase.COMPLETED
                ? Quantity.bytes(status.bytes()) + ", " + rows
                : Quantity.bytes(travelled(status)) + " of about "
                        + Quantity.bytes(Math.max(status.estimatedBytes(), travelled(status))) + ", " + rows;
    }

    private static String speed(MigrationStatus status) {
        return Quantity.count(Math.round(status.rowsPerSecond())) + " rows/s, "
                + Quantity.bytes(status.bytesPerSecond()) + "/s";
    }

    private static String left(MigrationStatus status) {
        if (status.phase() == Phase.COMPLETED) {
            return "nothing";
        }
        return status.phase().ended() ? "unknown" : Quantity.range(status.etaLowSeconds(), status.etaHighSeconds());
    }

    private static String limit(MigrationStatus status) {
        if (status.limit() == null || status.health() == Health.IDLE) {
            return "";
        }
        String by = status.limit().by() == Limit.NONE
                ? "nothing yet"
                : status.limit().by().word();
        return "  limited by: " + by + " (" + Style.printable(status.limit().evidence()) + ")";
    }

    /** Shards and builds now, of those that are allowed now. */
    private static String inFlight(NodeStatus node) {
        InFlight all = node.inFlight();
        String builds = all.builds() == 0 ? "" : " and " + all.builds() + (all.builds() == 1 ? " build" : " builds");
        String most = all.allowed() < all.ceiling() ? ", " + all.ceiling() + " at most" : "";
        return node.running() + builds + " of " + all.allowed() + " in flight" + most;
    }

    private static String node(NodeStatus node) {
        String name = node.http().isEmpty() ? node.node() : node.http().replaceFirst("^https?://", "");
        return Style.printable(name) + " (" + inFlight(node)
                + (node.sourceReachable() ? "" : ", source unreachable")
                + (node.targetReachable() ? "" : ", target unreachable") + ")";
    }
}
