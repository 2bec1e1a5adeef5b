package dev.godwit.node.schema;

import dev.godwit.protocol.check.Remark;
import dev.godwit.protocol.check.RemarkCode;
import dev.godwit.protocol.plan.Plan;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Who owns what a migration carries, and who is granted something of it, at the source.
 *
 * @param owners roles, with the number of objects that each owns
 * @param grantees roles but the owners themselves, and {@code PUBLIC}, with the number of objects that each is granted
 *     something of
 * @param grantors roles that have granted something
 * @param otherGrantors those of them that have granted something that they do not own
 * @param granted number of objects that have grants to others than their owners
 * @param named roles that objects are for by their own definition: policies and user mappings, which an archive brings
 *     whether it brings owners and grants or not
 */
public record Rights(
        Map<String, Integer> owners,
        Map<String, Integer> grantees,
        Set<String> grantors,
        Set<String> otherGrantors,
        int granted,
        Set<String> named) {
    public static final Rights NONE = new Rights(Map.of(), Map.of(), Set.of(), Set.of(), 0, Set.of());
    public static final String PUBLIC = "PUBLIC";

    private static final int TOLD = 5;

    public Rights {
        owners = Map.copyOf(owners);
        grantees = Map.copyOf(grantees);
        grantors = Set.copyOf(grantors);
        otherGrantors = Set.copyOf(otherGrantors);
        named = Set.copyOf(named);
    }

    /** Roles that the target must have for what the plan carries of this, in order. */
    public Set<String> rolesNeeded(Plan plan, boolean dumped) {
        Set<String> roles = new TreeSet<>();
        if (plan.owners()) {
            roles.addAll(owners.keySet());
        }
        if (plan.grants()) {
            roles.addAll(grantees.keySet());
            // An archive names the owner in each list of grants.
            roles.addAll(dumped ? grantors : otherGrantors);
        }
        if (dumped) {
            roles.addAll(named);
        }
        roles.remove(PUBLIC);
        return roles;
    }

    /** Roles that the target's user must be able to act for, in order. */
    public Set<String> rolesActedFor(Plan plan) {
        Set<String> roles = new TreeSet<>();
        if (plan.owners()) {
            roles.addAll(owners.keySet());
        }
        if (plan.grants()) {
            roles.addAll(otherGrantors);
        }
        return roles;
    }

    /** What the plan leaves out of this. */
    public List<Remark> notes(Plan plan) {
        List<Remark> notes = new ArrayList<>();
        int owned = owners.values().stream().mapToInt(Integer::intValue).sum();
        if (!plan.owners() && owned > 0) {
            notes.add(new Remark(
                    RemarkCode.OWNERS_LEFT_OUT,
                    "Owners are left out: what is made belongs to the target's user. At the source " + owned
                            + " objects belong to " + owners.size() + " roles: " + told(owners) + ".",
                    plan.name(),
                    "Say owners: true in the plan to carry them; the target must have the roles."));
        }
        if (!plan.grants() && granted > 0) {
            notes.add(new Remark(
                    RemarkCode.GRANTS_LEFT_OUT,
                    "Grants are left out: " + granted + " objects of the source have some, to " + grantees.size()
                            + " roles: " + told(grantees) + ".",
                    plan.name(),
                    "Say grants: true in the plan to carry them; the target must have the roles."));
        }
        return notes;
    }

    private static String told(Map<String, Integer> roles) {
        String names = roles.entrySet().stream()
                .sorted(Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder())
                        .thenComparing(Map.Entry.comparingByKey()))
                .limit(TOLD)
                .map(role -> role.getKey().replaceAll("\\p{Cntrl}", "?") + " (" + role.getValue() + ")")
                .collect(Collectors.joining(", "));
        return roles.size() > TOLD ? names + " and " + (roles.size() - TOLD) + " more" : names;
    }
}
