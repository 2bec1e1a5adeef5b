package dev.godwit.load.apply;

/** What brings the changes of a source into a target. */
interface Follower {
    /** As it stands in results. */
    String name();

    /** Version and options, for the conditions of a result. */
    String describe();

    /**
     * Begins: the target's database is there and empty. Returns when the target holds what the source holds, which nobody
     * writes meanwhile, and changes from now on are followed.
     *
     * @param run a name of this run alone
     */
    void begin(String run);

    /** Processor seconds, since it began or longer, of what is neither the source's server nor the target's. */
    double processorSeconds();

    /** Ends, so that nothing is left at the source. */
    void end();
}
