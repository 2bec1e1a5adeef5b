package dev.godwit.node.capture;

import dev.godwit.protocol.table.ShardRange;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * A migration of one table as a machine of small steps: source, slot, the stream's reader with its join, the applier, workers
 * with their tries, crashes. Steps that are possible in a state may come in any order. It ends where the source is quiet and
 * everything has landed, was read and applied; then the target must have the source's rows.
 */
final class ModelWorld {
    /** What can happen. */
    enum Kind {
        COMMIT,
        SHOW,
        READ,
        KEEP_ALIVE,
        READ_ROW,
        FORGET,
        APPLY,
        ACKNOWLEDGE,
        ANNOUNCE,
        SNAPSHOT,
        LSN,
        LAND,
        TELL,
        GIVE_UP,
        LOSE_SIGHT,
        CRASH
    }

    /** @param of which transaction, or which shard; 0 where there is but one */
    record Step(Kind kind, int of) {}

    /** What somebody could have got wrong. The model must find each. */
    enum Mistake {
        /** What is in the log is taken for visible. */
        FORGETS_WHAT_WAS_PASSED_BY,
        /** The worker takes its snapshot first and announces then. */
        ANNOUNCES_AFTER_THE_SNAPSHOT,
        /** The log's place is asked for before the snapshot is taken. */
        ASKS_FOR_THE_LOG_TOO_EARLY,
        /** What was read is acknowledged, whatever waits. */
        ACKNOWLEDGES_WHAT_WAS_READ,
        /** The acknowledgement looks at what is durable alone. */
        ACKNOWLEDGES_WHAT_IS_DURABLE,
        /** A shard counts as caught up as soon as it has landed. */
        CATCHES_UP_AT_ONCE,
        /** What comes out of one call is applied in two transactions. */
        TEARS_AN_OUTCOME,
        /** Shards of before a takeover land after it. */
        LANDS_AFTER_A_TAKEOVER,
        /** A row is read by itself in a snapshot that does not see enough. */
        READS_A_ROW_TOO_EARLY,
        /** That a row was read by itself is forgotten in a crash. */
        FORGETS_ROWS_THAT_WERE_READ
    }

    /**
     * @param coarse for an exploration of everything: snapshot and place in the log are asked for in one step; what has
     *     become visible is told at once; and what matters in a crash alone (how much of what was judged is applied, whether
     *     that is acknowledged) is chosen with the crash
     */
    record Rules(Set<Mistake> mistakes, int crashes, int giveUps, int lostSights, boolean coarse) {
        static final Rules SOUND = new Rules(EnumSet.noneOf(Mistake.class), 0, 0, 0, true);

        Rules withCrashes(int more) {
            return new Rules(mistakes, more, giveUps, lostSights, coarse);
        }

        Rules withGiveUps(int more) {
            return new Rules(mistakes, crashes, more, lostSights, coarse);
        }

        Rules withLostSights(int more) {
            return new Rules(mistakes, crashes, giveUps, more, coarse);
        }

        Rules with(Mistake mistake) {
            return new Rules(EnumSet.of(mistake), crashes, giveUps, lostSights, coarse);
        }

        boolean makes(Mistake mistake) {
            return mistakes.contains(mistake);
        }
    }

    /** One try of a worker to land a shard. */
    private static final class Try {
        private Set<Long> passedBy;
        private String snapshot;
        private Map<Integer, ModelScript.Row> rows;
        private long lsn = -1;
        private boolean outOfSight;

        /** What it has to see and is visible does not matter any more. */
        private String state(ModelSource source) {
            List<Long> unseen =
                    passedBy.stream().filter(xid -> !source.sees(Set.of(xid))).toList();
            return unseen + " " + snapshot + " " + lsn + " " + outOfSight;
        }
    }

    private record Item(List<Effect> effects, Position position) {}

    private final Rules rules;
    private final ModelSource source;
    private final ModelTarget target = new ModelTarget();
    private final List<ShardRange> ranges = new ArrayList<>();
    private final List<List<Try>> tries = new ArrayList<>();
    private final boolean[] told;

    private int crashes;
    private int giveUps;
    private int lostSights;

    private long confirmedLsn = 50;
    private ChangeJoin join;
    private int transaction;
    private int message;
    private long keptAlive;
    private String forgotAt = "";
    private List<Effect> unread = List.of();
    private final Deque<Item> queue = new ArrayDeque<>();

    ModelWorld(ModelScript script, Rules rules) {
        this(script, rules, new ModelSource(script));
    }

    /** The same world at its beginning. */
    ModelWorld(ModelScript script, ModelWorld same) {
        this(script, same.rules, new ModelSource(same.source));
    }

    private ModelWorld(ModelScript script, Rules rules, ModelSource source) {
        this.rules = rules;
        this.source = source;
        if (script.whole()) {
            ranges.add(new ShardRange.Whole());
        } else {
            List<String> from = null;
            for (int bound : script.bounds()) {
                ranges.add(new ShardRange.Keys(from, List.of("" + bound)));
                from = List.of("" + bound);
            }
            ranges.add(new ShardRange.Keys(from, null));
        }
        ranges.forEach(range -> tries.add(new ArrayList<>()));
        told = new boolean[ranges.size()];
        takeOver();
    }

    private static String shard(int of) {
        return "0." + of;
    }

    private void takeOver() {
        queue.clear();
        unread = List.of();
        keptAlive = 0;
        forgotAt = "";
        transaction = source.firstSent(confirmedLsn);
        message = 0;
        if (!rules.makes(Mistake.LANDS_AFTER_A_TAKEOVER)) {
            tries.forEach(List::clear);
        }
        for (int i = 0; i < told.length; i++) {
            told[i] = target.hasLanded(shard(i));
        }
        List<JoinedShard> landed = new ArrayList<>(target.landed());
        if (rules.makes(Mistake.FORGETS_ROWS_THAT_WERE_READ)) {
            landed.removeIf(JoinedShard::isOneKey);
        }
        join = new ChangeJoin(target.position(), landed, confirmedLsn, List.of(ModelTarget.SPEC), source.firstXid());
    }

    // ---- what is possible

    List<Step> possible() {
        List<Step> steps = new ArrayList<>();
        if (source.mayCommit()) {
            steps.add(new Step(Kind.COMMIT, 0));
        }
        for (int i = 0; i < source.committed(); i++) {
            if (!source.isVisible(i)) {
                steps.add(new Step(Kind.SHOW, i));
            }
        }
        if (!queue.isEmpty()) {
            steps.add(new Step(Kind.APPLY, 0));
        }
        if (hasRead()) {
            reader(steps);
            for (int i = 0; i < ranges.size(); i++) {
                worker(i, steps);
            }
        } else if (rules.makes(Mistake.READS_A_ROW_TOO_EARLY) || allSentAreVisible()) {
            steps.add(new Step(Kind.READ_ROW, 0));
        }
        if (rules.coarse()) {
            steps.removeIf(step -> isFine(step.kind()));
        }
        if (crashes < rules.crashes()) {
            int choices = rules.coarse() ? 2 * (queue.size() + 1) : 1;
            for (int i = 0; i < choices; i++) {
                steps.add(new Step(Kind.CRASH, i));
            }
        }
        return steps;
    }

    private boolean isFine(Kind kind) {
        return kind == Kind.APPLY
                || kind == Kind.ACKNOWLEDGE
                || kind == Kind.FORGET
                || kind == Kind.KEEP_ALIVE && join.hasReached();
    }

    private boolean hasRead() {
        return unread.isEmpty();
    }

    private void reader(List<Step> steps) {
        if (transaction < source.committed()) {
            steps.add(new Step(Kind.READ, 0));
        } else if (keptAlive < source.insertLsn()) {
            steps.add(new Step(Kind.KEEP_ALIVE, 0));
        }
        if (join.waitsForVisibility() && !forgotAt.equals(moment())) {
            steps.add(new Step(Kind.FORGET, 0));
        }
        if (!rules.coarse() && acknowledgeable() > confirmedLsn) {
            steps.add(new Step(Kind.ACKNOWLEDGE, 0));
        }
    }

    private void worker(int shard, List<Step> steps) {
        boolean landed = target.hasLanded(shard(shard));
        if (landed && !told[shard]) {
            steps.add(new Step(Kind.TELL, shard));
        }
        Try current = current(shard);
        if (current == null) {
            if (!landed && isAnnounceable()) {
                steps.add(new Step(Kind.ANNOUNCE, shard));
            }
        } else {
            next(shard, current, steps);
            if (giveUps < rules.giveUps() && tries.get(shard).size() == 1 && !landed) {
                steps.add(new Step(Kind.GIVE_UP, shard));
            }
        }
        if (tries.get(shard).size() > (current == null ? 0 : 1)) {
            steps.add(new Step(Kind.LAND, ranges.size() + shard));
        }
    }

    /** It answers NotYet before, which changes nothing. */
    private boolean isAnnounceable() {
        return rules.makes(Mistake.ANNOUNCES_AFTER_THE_SNAPSHOT) || join.hasReached();
    }

    private void next(int shard, Try current, List<Step> steps) {
        if (current.snapshot == null) {
            if (rules.makes(Mistake.ANNOUNCES_AFTER_THE_SNAPSHOT) || source.sees(current.passedBy)) {
                steps.add(new Step(Kind.SNAPSHOT, shard));
            }
        } else if (current.lsn < 0) {
            steps.add(new Step(Kind.LSN, shard));
        } else {
            steps.add(new Step(Kind.LAND, shard));
            boolean unseen = tries.get(shard).size() == 1 && !target.hasLanded(shard(shard));
            if (unseen && lostSights < rules.lostSights()) {
                steps.add(new Step(Kind.LOSE_SIGHT, shard));
            }
        }
    }

    /** The try that its worker knows of; null if there is none. */
    private Try current(int shard) {
        return tries.get(shard).stream()
                .filter(one -> !one.outOfSight)
                .findFirst()
                .orElse(null);
    }

    private String moment() {
        return source.state() + transaction + "." + message;
    }

    private boolean allSentAreVisible() {
        for (int i = 0; i < transaction + (message > 0 ? 1 : 0); i++) {
            if (!source.isVisible(i)) {
                return false;
            }
        }
        return true;
    }

    private long acknowledgeable() {
        if (rules.makes(Mistake.ACKNOWLEDGES_WHAT_WAS_READ)) {
            return message > 0 ? confirmedLsn : Math.max(confirmedLsn, 50 + 100L * transaction);
        } else if (rules.makes(Mistake.ACKNOWLEDGES_WHAT_IS_DURABLE)) {
            return queue.isEmpty() && message == 0 ? 50 + 100L * transaction : confirmedLsn;
        }
        return join.mayAcknowledge(queue.isEmpty() ? Optional.empty() : Optional.of(target.position()));
    }

    // ---- what happens

    void take(Step step) {
        happen(step);
        if (rules.coarse()) {
            if (step.kind() == Kind.READ || step.kind() == Kind.SHOW || step.kind() == Kind.CRASH) {
                join.visible(source.snapshot());
            }
            while (!queue.isEmpty() && crashes == rules.crashes()) {
                apply();
            }
        }
    }

    private void happen(Step step) {
        int of = step.of();
        switch (step.kind()) {
            case COMMIT -> source.commit();
            case SHOW -> source.show(of);
            case READ -> read();
            case KEEP_ALIVE -> {
                keptAlive = source.insertLsn();
                put(join.on(new StreamMessage.KeepAlive(keptAlive)));
            }
            case READ_ROW -> readRows();
            case FORGET -> {
                join.visible(source.snapshot());
                forgotAt = moment();
            }
            case APPLY -> apply();
            case ACKNOWLEDGE -> confirmedLsn = acknowledgeable();
            case ANNOUNCE -> announce(of);
            case SNAPSHOT -> snapshot(of);
            case LSN -> lsn(of);
            case LAND -> land(of);
            case TELL -> tell(of);
            case GIVE_UP -> {
                giveUps++;
                tries.get(of).clear();
                join.gaveUp(ModelTarget.TABLE, shard(of));
            }
            case LOSE_SIGHT -> {
                lostSights++;
                current(of).outOfSight = true;
            }
            case CRASH -> {
                crashes++;
                if (rules.coarse()) {
                    beforeCrash(of / 2, of % 2 == 1);
                }
                takeOver();
            }
        }
    }

    private void read() {
        List<StreamMessage> sent = source.messages(transaction);
        put(join.on(sent.get(message++)));
        if (message == sent.size()) {
            message = 0;
            transaction++;
        }
        if (rules.makes(Mistake.FORGETS_WHAT_WAS_PASSED_BY)) {
            join.visible("1:" + (source.firstXid() + 1000) + ":");
        }
    }

    private void put(List<Effect> effects) {
        if (effects.stream().anyMatch(Effect.ReadRow.class::isInstance)) {
            unread = effects;
        } else if (!effects.isEmpty()) {
            queue.add(new Item(effects, join.position()));
        }
    }

    private void readRows() {
        List<Effect> read = new ArrayList<>();
        for (Effect effect : unread) {
            if (effect instanceof Effect.ReadRow row) {
                ModelScript.Row now =
                        source.rows().get(Integer.parseInt(row.key().get(0)));
                if (rules.makes(Mistake.READS_A_ROW_TOO_EARLY)) {
                    join.visible("1:" + (source.firstXid() + 1000) + ":");
                }
                read.addAll(join.rowRead(
                                row,
                                Optional.ofNullable(now)
                                        .map(found -> List.of(row.key().get(0), found.value(), found.big())),
                                source.snapshot(),
                                source.insertLsn())
                        .orElseThrow());
            } else {
                read.add(effect);
            }
        }
        unread = List.of();
        put(read);
    }

    private void apply() {
        Item item = queue.remove();
        if (rules.makes(Mistake.TEARS_AN_OUTCOME) && item.effects().size() > 1) {
            queue.addFirst(new Item(item.effects().subList(1, item.effects().size()), item.position()));
            item = new Item(item.effects().subList(0, 1), target.position());
        }
        target.apply(item.effects(), item.position());
        for (Effect effect : item.effects()) {
            if (effect instanceof Effect.CaughtUp caughtUp) {
                join.caughtUp(caughtUp.table(), caughtUp.shard());
            }
        }
    }

    private void announce(int shard) {
        Try one = new Try();
        if (rules.makes(Mistake.ANNOUNCES_AFTER_THE_SNAPSHOT)) {
            // The answer comes after the snapshot, and nobody looks at it.
            one.passedBy = Set.of();
        } else {
            one.passedBy = accepted(shard);
            if (rules.makes(Mistake.ASKS_FOR_THE_LOG_TOO_EARLY)) {
                one.lsn = source.insertLsn();
            }
        }
        tries.get(shard).add(one);
    }

    private Set<Long> accepted(int shard) {
        Announcement answer = join.announce(ModelTarget.TABLE, shard(shard), ranges.get(shard));
        if (answer instanceof Announcement.Accepted accepted) {
            return accepted.passedBy();
        }
        throw new AssertionError("announced in vain: " + answer);
    }

    private void snapshot(int shard) {
        Try one = current(shard);
        one.snapshot = source.snapshot();
        one.rows = source.rows();
        if (rules.coarse() && one.lsn < 0 && !rules.makes(Mistake.ANNOUNCES_AFTER_THE_SNAPSHOT)) {
            one.lsn = source.insertLsn();
        }
    }

    private void lsn(int shard) {
        if (rules.makes(Mistake.ANNOUNCES_AFTER_THE_SNAPSHOT)) {
            join.announce(ModelTarget.TABLE, shard(shard), ranges.get(shard));
        }
        current(shard).lsn = source.insertLsn();
    }

    /** @param of the shard; with the number of shards on top: the try of it that is out of sight */
    private void land(int of) {
        int shard = of % ranges.size();
        List<Try> all = tries.get(shard);
        Try one = of < ranges.size()
                ? current(shard)
                : all.stream().filter(any -> any.outOfSight).findFirst().orElseThrow();
        all.remove(one);
        if (!target.hasLanded(shard(shard))) {
            boolean caughtUp = rules.makes(Mistake.CATCHES_UP_AT_ONCE);
            target.land(
                    new JoinedShard(
                            ModelTarget.TABLE, shard(shard), ranges.get(shard), one.snapshot, one.lsn, caughtUp),
                    one.rows);
        }
    }

    private void tell(int shard) {
        told[shard] = true;
        JoinedShard landed = target.landed(shard(shard));
        List<Effect> effects =
                new ArrayList<>(join.landed(landed.table(), landed.shard(), landed.snapshot(), landed.lsn()));
        if (rules.makes(Mistake.CATCHES_UP_AT_ONCE)) {
            effects.removeIf(Effect.CaughtUp.class::isInstance);
            join.caughtUp(landed.table(), landed.shard());
        }
        put(effects);
    }

    // ---- what is at the end

    private void beforeCrash(int applied, boolean acknowledges) {
        for (int i = 0; i < applied; i++) {
            apply();
        }
        if (acknowledges) {
            confirmedLsn = Math.max(confirmedLsn, acknowledgeable());
        }
    }

    /** Called where nothing is possible but crashes. */
    void assertDone() {
        if (rules.coarse() && hasRead()) {
            put(join.on(new StreamMessage.KeepAlive(source.insertLsn())));
            beforeCrash(queue.size(), true);
        }
        if (!source.isQuiet() || !queue.isEmpty() || !unread.isEmpty()) {
            throw new AssertionError("stands still before the end: " + state());
        }
        for (int i = 0; i < ranges.size(); i++) {
            if (!target.hasLanded(shard(i)) || !target.hasCaughtUp(shard(i))) {
                throw new AssertionError("shard " + i + " has not caught up: " + state());
            }
        }
        if (!source.rows().equals(new TreeMap<>(target.rows()))) {
            throw new AssertionError("the source has " + source.rows() + ", the target " + target.rows());
        }
        if (confirmedLsn != source.insertLsn()) {
            throw new AssertionError("acknowledged up to " + confirmedLsn + " of " + source.insertLsn());
        }
        if (join.bufferedBytes() != 0 || !join.inFlight().isEmpty()) {
            throw new AssertionError("something waits still");
        }
        if (!join.settled(ModelTarget.TABLE)) {
            throw new AssertionError("is not settled");
        }
    }

    String state() {
        boolean mayCrash = crashes < rules.crashes();
        StringBuilder state = new StringBuilder(1024)
                .append(crashes)
                .append(giveUps)
                .append(lostSights)
                .append(' ')
                .append(source.state())
                .append(' ')
                .append(target.state(mayCrash))
                .append(' ')
                .append(confirmedLsn)
                .append(' ')
                .append(transaction)
                .append('.')
                .append(message)
                .append(' ')
                .append(keptAlive)
                .append(forgotAt);
        for (int i = 0; i < told.length; i++) {
            state.append(told[i] ? " told" : " -");
            tries.get(i).forEach(one -> state.append(one.state(source)));
        }
        ModelState.write(unread, state, mayCrash);
        ModelState.write(new ArrayList<>(queue), state, mayCrash);
        ModelState.write(join, state, mayCrash);
        return state.toString();
    }
}
