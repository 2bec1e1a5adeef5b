package dev.godwit.node.cluster;

import dev.godwit.protocol.event.TableEvent;
import dev.godwit.protocol.event.TableEvent.ShardLanded;
import dev.godwit.protocol.event.TableEvent.ShardStarted;
import dev.godwit.protocol.event.TableEvent.ShardsReopened;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who was given which shard of one table, by the journal of its coordinator.
 *
 * @param events all of the table, in their order
 */
public record ShardHistory(List<TableEvent> events) {
    public ShardHistory {
        events = List.copyOf(events);
    }

    /** The shards that one of these nodes was given and did not land, and that were given out again. */
    public Set<String> redoneOf(Set<String> members) {
        Set<String> inHand = new HashSet<>();
        Set<String> redone = new LinkedHashSet<>();
        for (TableEvent event : events) {
            if (event instanceof ShardLanded landed) {
                inHand.remove(landed.shard());
            } else if (event instanceof ShardStarted started) {
                if (inHand.remove(started.shard()) && !members.contains(started.node())) {
                    redone.add(started.shard());
                }
                if (members.contains(started.node())) {
                    inHand.add(started.shard());
                }
            }
        }
        return redone;
    }

    /** The shards that were given out and did not land yet, by node. */
    public Map<String, Set<String>> inFlight() {
        Map<String, String> nodes = new LinkedHashMap<>();
        for (TableEvent event : events) {
            if (event instanceof ShardStarted started) {
                nodes.put(started.shard(), started.node());
            } else if (event instanceof ShardLanded landed) {
                nodes.remove(landed.shard());
            } else if (event instanceof TableEvent.ShardsReleased released) {
                released.shards().forEach(nodes::remove);
            } else if (event instanceof TableEvent.ShardFailed failed) {
                nodes.remove(failed.shard());
            } else if (event instanceof TableEvent.ShardRetired retired) {
                nodes.remove(retired.shard());
            }
        }
        Map<String, Set<String>> inFlight = new LinkedHashMap<>();
        nodes.forEach((shard, node) ->
                inFlight.computeIfAbsent(node, n -> new LinkedHashSet<>()).add(shard));
        return inFlight;
    }

    /** The node that each landed shard was landed by, as its claim says: {@code host:port/uid@cluster}. */
    public Map<String, String> landedBy() {
        Map<String, String> landed = new LinkedHashMap<>();
        for (TableEvent event : events) {
            if (event instanceof ShardLanded one) {
                landed.put(one.shard(), one.node());
            }
        }
        return landed;
    }

    /** Shards that were given out again after they had landed. None should be, unless the target lost their claims. */
    public Set<String> startedAfterLanding() {
        Set<String> landed = new HashSet<>();
        Set<String> again = new LinkedHashSet<>();
        for (TableEvent event : events) {
            if (event instanceof ShardLanded one) {
                landed.add(one.shard());
            } else if (event instanceof ShardsReopened reopened) {
                landed.removeAll(reopened.shards());
            } else if (event instanceof ShardStarted started && landed.contains(started.shard())) {
                again.add(started.shard());
            }
        }
        return again;
    }

    /** Failed tries. */
    public List<TableEvent.ShardFailed> failures() {
        return events.stream()
                .filter(TableEvent.ShardFailed.class::isInstance)
                .map(TableEvent.ShardFailed.class::cast)
                .toList();
    }
}
