package dev.godwit.node.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.node.capture.Relation;
import dev.godwit.node.capture.StreamMessage;
import dev.godwit.node.capture.Tuple;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.TableName;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class PgOutputTest {
    private static final long OID = 0xF000_0001L;

    private final PgOutput decoder = new PgOutput("here");

    @Test
    void a_transaction_has_its_id_its_positions_and_its_time() {
        assertThat(decode(message('B').int64(0x1_0000_0010L).int64(1_000_000).int32(0xFFFF_FFF0)))
                .isEqualTo(new StreamMessage.Begin(0xFFFF_FFF0L, 0x1_0000_0010L, 946_684_801_000_000L));
        assertThat(decode(message('C').int8(0).int64(16).int64(48).int64(5)))
                .isEqualTo(new StreamMessage.Commit(16, 48));
        assertThat(decode(message('O').int64(7).string("elsewhere"))).isEqualTo(new StreamMessage.Origin("elsewhere"));
    }

    @Test
    void a_table_and_its_types_are_told_before_its_rows() {
        assertThat(decoder.decode(relation('i').bytes(), 0)).isEmpty();
        assertThat(decoder.decode(
                        message('Y').int32(70_000).string("shop").string("mood").bytes(), 0))
                .isEmpty();

        Relation relation = ((StreamMessage.Insert) decode(insert("7", "x"))).relation();

        assertThat(relation.oid()).isEqualTo(OID);
        assertThat(relation.name()).isEqualTo(new TableName("shop", "örder"));
        assertThat(relation.identity()).isEqualTo(Relation.Identity.INDEX);
        assertThat(relation.columns())
                .containsExactly(new Relation.Column("id", true, 20, -1), new Relation.Column("v", false, 1043, 14));
    }

    @Test
    void a_message_of_any_program_tells_nothing() {
        assertThat(decoder.decode(
                        message('M')
                                .int8(1)
                                .int64(16)
                                .string("another")
                                .int32(3)
                                .int8(1)
                                .int8(2)
                                .int8(3)
                                .bytes(),
                        0))
                .isEmpty();
    }

    @Test
    void a_table_without_a_schema_is_of_the_catalog() {
        decoder.decode(
                message('R').int32(1).string("").string("t").int8('d').int16(0).bytes(), 0);

        assertThat(((StreamMessage.Truncate)
                                decode(message('T').int32(1).int8(0).int32(1)))
                        .relations())
                .extracting(Relation::name)
                .containsExactly(new TableName("pg_catalog", "t"));
    }

    @Test
    void values_are_null_unchanged_or_text_which_may_be_empty() {
        decoder.decode(relation('d').bytes(), 0);

        Tuple row = ((StreamMessage.Update) decode(message('U')
                        .int32((int) OID)
                        .int8('N')
                        .int16(2)
                        .int8('u')
                        .text("")))
                .row();
        Tuple other = ((StreamMessage.Insert) decode(message('I')
                        .int32((int) OID)
                        .int8('N')
                        .int16(2)
                        .text("ä")
                        .int8('n')))
                .row();

        assertThat(row.isUnchanged(0)).isTrue();
        assertThat(row.text(1)).isEmpty();
        assertThat(other.text(0)).isEqualTo("ä");
        assertThat(other.isNull(1)).isTrue();
    }

    @Test
    void an_update_may_tell_what_was_before() {
        decoder.decode(relation('f').bytes(), 0);

        for (char kind : new char[] {'K', 'O'}) {
            StreamMessage.Update update = (StreamMessage.Update) decode(message('U')
                    .int32((int) OID)
                    .int8(kind)
                    .int16(2)
                    .text("1")
                    .int8('n')
                    .int8('N')
                    .int16(2)
                    .text("2")
                    .text("b"));
            assertThat(update.old().text(0)).isEqualTo("1");
            assertThat(update.row().text(0)).isEqualTo("2");
            StreamMessage.Delete delete = (StreamMessage.Delete) decode(
                    message('D').int32((int) OID).int8(kind).int16(2).text("1").int8('n'));
            assertThat(delete.old().text(0)).isEqualTo("1");
        }
        assertThat(((StreamMessage.Update) decode(message('U')
                                .int32((int) OID)
                                .int8('N')
                                .int16(2)
                                .text("1")
                                .text("b")))
                        .old())
                .isNull();
    }

    @Test
    void a_truncate_names_tables_and_whether_sequences_begin_again() {
        decoder.decode(relation('d').bytes(), 0);

        assertThat(((StreamMessage.Truncate)
                                decode(message('T').int32(1).int8(1).int32((int) OID)))
                        .restartIdentity())
                .isFalse();
        assertThat(((StreamMessage.Truncate)
                                decode(message('T').int32(1).int8(2).int32((int) OID)))
                        .restartIdentity())
                .isTrue();
    }

    @Test
    void a_table_that_is_told_again_has_its_new_shape_from_then_on() {
        decoder.decode(relation('d').bytes(), 0);
        decoder.decode(
                message('R')
                        .int32((int) OID)
                        .string("shop")
                        .string("renamed")
                        .int8('d')
                        .int16(1)
                        .int8(1)
                        .string("id")
                        .int32(20)
                        .int32(-1)
                        .bytes(),
                0);

        StreamMessage.Insert insert = (StreamMessage.Insert)
                decode(message('I').int32((int) OID).int8('N').int16(1).text("1"));

        assertThat(insert.relation().name().name()).isEqualTo("renamed");
    }

    @Test
    void it_reads_from_a_place_within_a_frame() {
        byte[] whole = new Message()
                .int64(-1)
                .raw(message('O').int64(7).string("x").bytes())
                .bytes();

        assertThat(decoder.decode(whole, 8)).contains(new StreamMessage.Origin("x"));
    }

    @Test
    void whatever_is_cut_off_is_an_error_that_tells_no_value() {
        decoder.decode(relation('d').bytes(), 0);
        List<Message> messages = List.of(
                message('B').int64(1).int64(1).int32(1),
                message('C').int8(0).int64(16).int64(48).int64(5),
                message('O').int64(7).string("secret"),
                relation('f'),
                message('Y').int32(70_000).string("shop").string("secret"),
                insert("7", "secret"),
                message('U').int32((int) OID).int8('N').int16(2).text("1").text("secret"),
                message('D').int32((int) OID).int8('K').int16(2).text("secret").int8('n'),
                message('T').int32(1).int8(0).int32((int) OID));
        for (Message message : messages) {
            byte[] all = message.bytes();
            for (int length = 0; length < all.length; length++) {
                refused(Arrays.copyOf(all, length));
            }
            refused(Arrays.copyOf(all, all.length + 1));
        }
    }

    @Test
    void what_is_not_known_is_an_error() {
        refused(message('S').int32(1).int8(1).bytes());
        refused(insert("7", "x").bytes());
        decoder.decode(relation('d').bytes(), 0);
        refused(message('I')
                .int32((int) OID)
                .int8('K')
                .int16(2)
                .text("1")
                .text("2")
                .bytes());
        refused(message('I').int32((int) OID).int8('N').int16(1).text("1").bytes());
        refused(message('I')
                .int32((int) OID)
                .int8('N')
                .int16(2)
                .text("1")
                .int8('b')
                .int32(0)
                .bytes());
        refused(message('U')
                .int32((int) OID)
                .int8('X')
                .int16(2)
                .text("1")
                .text("2")
                .bytes());
        refused(message('D')
                .int32((int) OID)
                .int8('N')
                .int16(2)
                .text("1")
                .text("2")
                .bytes());
        refused(message('T').int32(0x7fff_ffff).int8(0).bytes());
        refused(message('I')
                .int32((int) OID)
                .int8('N')
                .int16(2)
                .int8('t')
                .int32(-1)
                .bytes());
        refused(relation('x').bytes());
    }

    private void refused(byte[] frame) {
        assertThatThrownBy(() -> decoder.decode(frame, 0)).isInstanceOfSatisfying(GodwitException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.SOURCE_FAILED);
            assertThat(e.problem().where()).isEqualTo("here");
            assertThat(e.getMessage()).doesNotContain("secret");
        });
    }

    private StreamMessage decode(Message message) {
        return decoder.decode(message.bytes(), 0).orElseThrow();
    }

    private static Message relation(char identity) {
        return message('R')
                .int32((int) OID)
                .string("shop")
                .string("örder")
                .int8(identity)
                .int16(2)
                .int8(1)
                .string("id")
                .int32(20)
                .int32(-1)
                .int8(0)
                .string("v")
                .int32(1043)
                .int32(14);
    }

    private static Message insert(String id, String value) {
        return message('I').int32((int) OID).int8('N').int16(2).text(id).text(value);
    }

    private static Message message(char kind) {
        return new Message().int8(kind);
    }

    /** Bytes of a message, put together. */
    private static final class Message {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        Message int8(int value) {
            bytes.write(value);
            return this;
        }

        Message int16(int value) {
            return raw(ByteBuffer.allocate(2).putShort((short) value).array());
        }

        Message int32(int value) {
            return raw(ByteBuffer.allocate(4).putInt(value).array());
        }

        Message int64(long value) {
            return raw(ByteBuffer.allocate(8).putLong(value).array());
        }

        Message string(String value) {
            return raw(value.getBytes(StandardCharsets.UTF_8)).int8(0);
        }

        Message text(String value) {
            byte[] text = value.getBytes(StandardCharsets.UTF_8);
            return int8('t').int32(text.length).raw(text);
        }

        Message raw(byte[] value) {
            bytes.writeBytes(value);
            return this;
        }

        byte[] bytes() {
            return bytes.toByteArray();
        }
    }
}
