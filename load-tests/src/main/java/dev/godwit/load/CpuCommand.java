package dev.godwit.load;

import picocli.CommandLine.Command;

/** Processor time of the same runs as the copy benchmark's. */
@Command(
        name = "cpu",
        description = "Processor seconds per GB of source, target and carrier, in the same runs as copy.")
final class CpuCommand extends CopyCommand {
    @Override
    boolean processorOnly() {
        return true;
    }
}
