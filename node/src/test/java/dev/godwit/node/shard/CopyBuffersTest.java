package dev.godwit.node.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class CopyBuffersTest {
    private final CopyBuffers buffers = new CopyBuffers(3, 4);

    @Test
    void passes_everything_in_order_through_few_buffers() {
        List<Integer> taken = new ArrayList<>();
        List<byte[]> seen = new ArrayList<>();
        CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> {
            for (Optional<CopyBuffers.Chunk> chunk = buffers.take(); chunk.isPresent(); chunk = buffers.take()) {
                byte[] data = chunk.get().data();
                taken.add(data[0] * 128 + data[1]);
                if (seen.stream().noneMatch(other -> other == data)) {
                    seen.add(data);
                }
                buffers.giveBack(chunk.get());
            }
        });
        for (int i = 0; i < 10_000; i++) {
            byte[] data = buffers.empty().orElseThrow();
            data[0] = (byte) (i / 128);
            data[1] = (byte) (i % 128);
            buffers.put(new CopyBuffers.Chunk(data, 2));
        }
        buffers.end();
        writer.join();

        assertThat(taken).hasSize(10_000).isSorted().doesNotHaveDuplicates();
        assertThat(seen).hasSizeLessThanOrEqualTo(3);
    }

    @Test
    void a_reader_waits_while_all_buffers_are_full() throws Exception {
        List<CopyBuffers.Chunk> filled = fillAll();
        CompletableFuture<Optional<byte[]>> reader = CompletableFuture.supplyAsync(buffers::empty);

        assertThat(buffers.take()).contains(filled.get(0));
        assertThat(reader).isNotDone();
        buffers.giveBack(filled.get(0));
        assertThat(reader.get(10, TimeUnit.SECONDS)).contains(filled.get(0).data());
    }

    @Test
    void a_reader_that_waits_learns_that_the_copy_is_broken_off() throws Exception {
        fillAll();
        Thread reader = new Thread(buffers::empty);
        reader.start();
        await().until(() -> reader.getState() == Thread.State.WAITING);

        buffers.breakOff();

        reader.join();
        assertThat(buffers.empty()).isEmpty();
    }

    @Test
    void a_writer_that_waits_learns_that_the_copy_is_broken_off() throws Exception {
        Thread writer = new Thread(buffers::take);
        writer.start();
        await().until(() -> writer.getState() == Thread.State.WAITING);

        buffers.breakOff();

        writer.join();
    }

    @Test
    void what_was_read_is_not_written_once_the_copy_is_broken_off() {
        fillAll();
        buffers.breakOff();

        assertThat(buffers.take()).isEmpty();
    }

    @Test
    void a_writer_gets_the_rest_after_the_end() {
        List<CopyBuffers.Chunk> filled = fillAll();
        buffers.end();

        assertThat(List.of(buffers.take(), buffers.take(), buffers.take()))
                .isEqualTo(filled.stream().map(Optional::of).toList());
        assertThat(buffers.take()).isEmpty();
    }

    private List<CopyBuffers.Chunk> fillAll() {
        List<CopyBuffers.Chunk> filled = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            CopyBuffers.Chunk chunk = new CopyBuffers.Chunk(buffers.empty().orElseThrow(), 1);
            buffers.put(chunk);
            filled.add(chunk);
        }
        return filled;
    }
}
