package dev.godwit.load.carrier;

/** A tool that carries a database, in the way in which it does that best. */
public interface Carrier {
    /** As it stands in results. */
    String name();

    /** Version and options, for the conditions of a result. */
    String describe();

    /**
     * Carries everything once; the target's database is there.
     *
     * @param run a name of this run alone, which a plan and a file can have
     * @throws IllegalStateException if it failed, or complained of an error; with what it said
     */
    Carried carry(String run);
}
