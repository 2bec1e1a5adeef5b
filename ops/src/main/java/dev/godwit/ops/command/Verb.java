package dev.godwit.ops.command;

import dev.godwit.ops.client.Json;
import dev.godwit.ops.view.Answer;
import dev.godwit.ops.view.Terminal;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** What all verbs have: a terminal, and the form of their answer. */
abstract class Verb implements Callable<Integer> {
    @ParentCommand
    private GodwitCommand godwit;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORM",
            description = "Form of the answer on standard output: text, json or jsonl (default: text).")
    private Answer answer = Answer.TEXT;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    private boolean help;

    final GodwitCommand godwit() {
        return godwit;
    }

    final Terminal terminal() {
        return godwit.terminal();
    }

    final Answer answer() {
        return answer;
    }

    /** Text ends with the next useful command; JSON is the value alone. */
    final void answer(Object value, List<String> text, String next) {
        switch (answer) {
            case TEXT -> {
                text.forEach(terminal().out()::println);
                terminal().out().println();
                terminal().out().println("Next: " + next);
            }
            case JSON -> terminal().out().println(Json.pretty(value));
            case JSONL -> terminal().out().println(Json.line(value));
        }
        terminal().out().flush();
    }
}
