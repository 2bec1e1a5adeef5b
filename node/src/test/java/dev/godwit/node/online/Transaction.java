package dev.godwit.node.online;

import java.util.List;

/**
 * One transaction of the load: all of it is decided before it begins.
 *
 * @param aborted whether it is rolled back in the end
 * @param pauseMillis how long its writer rests afterwards
 */
record Transaction(List<Step> steps, boolean aborted, int pauseMillis) {
    Transaction {
        steps = List.copyOf(steps);
    }
}
