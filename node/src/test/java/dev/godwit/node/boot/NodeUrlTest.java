package dev.godwit.node.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

class NodeUrlTest {
    @Test
    void a_node_is_reached_where_it_listens() {
        assertThat(NodeProcess.url(new InetSocketAddress("127.0.0.1", 7080), "10.0.0.1"))
                .isEqualTo("http://127.0.0.1:7080");
        assertThat(NodeProcess.url(new InetSocketAddress("::1", 7080), "10.0.0.1"))
                .isEqualTo("http://[0:0:0:0:0:0:0:1]:7080");
    }

    @Test
    void a_node_that_listens_on_every_address_is_reached_at_the_one_that_other_nodes_use() {
        assertThat(NodeProcess.url(new InetSocketAddress("0.0.0.0", 7080), "10.0.0.1"))
                .isEqualTo("http://10.0.0.1:7080");
    }
}
