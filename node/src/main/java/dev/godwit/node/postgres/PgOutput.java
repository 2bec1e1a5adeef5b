package dev.godwit.node.postgres;

import dev.godwit.node.capture.Relation;
import dev.godwit.node.capture.StreamMessage;
import dev.godwit.node.capture.Tuple;
import dev.godwit.protocol.error.ErrorCode;
import dev.godwit.protocol.error.GodwitException;
import dev.godwit.protocol.table.TableName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Understands the messages of the plugin pgoutput, protocol version 1, values as text: neither transactions in progress,
 * nor prepared ones, nor binary values. Remembers what a session has told of its tables, so each session needs a new one.
 * Not thread-safe. Formats: PostgreSQL's documentation, "Logical Replication Message Formats".
 */
final class PgOutput {
    /** Of the server's clock, which counts from 2000 on, in ours. */
    private static final long MICROS_FROM_1970_TO_2000 = 946_684_800_000_000L;

    private static final int RESTART_IDENTITY = 2;
    private static final int PART_OF_IDENTITY = 1;

    private final String where;
    private final Map<Long, Relation> relations = new HashMap<>();

    /** @param where what is read, for errors */
    PgOutput(String where) {
        this.where = where;
    }

    /**
     * One message.
     *
     * @param frame holds it
     * @param from its first byte; it goes to the end of the frame
     * @return empty where it tells only of tables and types, or is of another program
     * @throws GodwitException with SOURCE_FAILED where it is not a message of this protocol
     */
    Optional<StreamMessage> decode(byte[] frame, int from) {
        PgOutputBytes bytes = new PgOutputBytes(frame, from, where);
        char kind = (char) bytes.int8();
        Optional<StreamMessage> message = switch (kind) {
            case 'B' -> Optional.of(begin(bytes));
            case 'C' -> Optional.of(commit(bytes));
            case 'O' -> Optional.of(origin(bytes));
            case 'I' -> Optional.of(insert(bytes));
            case 'U' -> Optional.of(update(bytes));
            case 'D' -> Optional.of(delete(bytes));
            case 'T' -> Optional.of(truncate(bytes));
            case 'R' -> {
                Relation relation = relation(bytes);
                relations.put(relation.oid(), relation);
                yield Optional.empty();
            }
            case 'Y' -> {
                type(bytes);
                yield Optional.empty();
            }
            case 'M' -> {
                message(bytes);
                yield Optional.empty();
            }
            default -> throw bytes.wrong("a message of kind " + (int) kind + ", which this version does not know");
        };
        bytes.end();
        return message;
    }

    private static StreamMessage begin(PgOutputBytes bytes) {
        long commitLsn = bytes.int64();
        long micros = bytes.int64() + MICROS_FROM_1970_TO_2000;
        return new StreamMessage.Begin(bytes.unsigned32(), commitLsn, micros);
    }

    private static StreamMessage commit(PgOutputBytes bytes) {
        bytes.int8(); // flags: none are in use
        long commitLsn = bytes.int64();
        long endLsn = bytes.int64();
        bytes.int64(); // the time, which Begin has told
        return new StreamMessage.Commit(commitLsn, endLsn);
    }

    private static StreamMessage origin(PgOutputBytes bytes) {
        bytes.int64(); // a position there
        return new StreamMessage.Origin(bytes.string());
    }

    private StreamMessage insert(PgOutputBytes bytes) {
        Relation relation = known(bytes);
        expect(bytes, 'N');
        return new StreamMessage.Insert(relation, tuple(bytes, relation));
    }

    private StreamMessage update(PgOutputBytes bytes) {
        Relation relation = known(bytes);
        Tuple old = null;
        char which = (char) bytes.int8();
        if (which == 'K' || which == 'O') {
            old = tuple(bytes, relation);
            which = (char) bytes.int8();
        }
        if (which != 'N') {
            throw bytes.wrong("an update without a new row");
        }
        return new StreamMessage.Update(relation, old, tuple(bytes, relation));
    }

    private StreamMessage delete(PgOutputBytes bytes) {
        Relation relation = known(bytes);
        char which = (char) bytes.int8();
        if (which != 'K' && which != 'O') {
            throw bytes.wrong("a delete without an old row");
        }
        return new StreamMessage.Delete(relation, tuple(bytes, relation));
    }

    private StreamMessage truncate(PgOutputBytes bytes) {
        int count = bytes.count32(Integer.BYTES);
        boolean restartIdentity = (bytes.int8() & RESTART_IDENTITY) != 0;
        List<Relation> truncated = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            truncated.add(known(bytes));
        }
        return new StreamMessage.Truncate(truncated, restartIdentity);
    }

    private static Relation relation(PgOutputBytes bytes) {
        long oid = bytes.unsigned32();
        String schema = bytes.string();
        String name = bytes.string();
        Relation.Identity identity = switch (bytes.int8()) {
            case 'd' -> Relation.Identity.DEFAULT;
            case 'n' -> Relation.Identity.NOTHING;
            case 'f' -> Relation.Identity.FULL;
            case 'i' -> Relation.Identity.INDEX;
            default -> throw bytes.wrong("a replica identity that this version does not know");
        };
        int count = bytes.int16();
        List<Relation.Column> columns = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            boolean inIdentity = (bytes.int8() & PART_OF_IDENTITY) != 0;
            String column = bytes.string();
            columns.add(new Relation.Column(column, inIdentity, bytes.unsigned32(), (int) bytes.unsigned32()));
        }
        TableName table = new TableName(schema.isEmpty() ? "pg_catalog" : schema, name);
        return new Relation(oid, table, identity, columns);
    }

    /** Names of types of the user's: texts need no types. */
    private static void type(PgOutputBytes bytes) {
        bytes.unsigned32();
        bytes.string();
        bytes.string();
    }

    /** Of pg_logical_emit_message, ours or another program's: its transaction is all that we look at. */
    private static void message(PgOutputBytes bytes) {
        bytes.int8(); // whether it belongs to a transaction
        bytes.int64(); // its place
        bytes.string();
        bytes.counted();
    }

    private Relation known(PgOutputBytes bytes) {
        Relation relation = relations.get(bytes.unsigned32());
        if (relation == null) {
            throw bytes.wrong("a change of a table that it has not described");
        }
        return relation;
    }

    private static void expect(PgOutputBytes bytes, char mark) {
        if (bytes.int8() != mark) {
            throw bytes.wrong("a change without its row");
        }
    }

    private static Tuple tuple(PgOutputBytes bytes, Relation relation) {
        int count = bytes.int16();
        if (count != relation.columns().size()) {
            throw bytes.wrong("a row with another number of columns than its table");
        }
        Tuple.Builder tuple = new Tuple.Builder(count);
        for (int i = 0; i < count; i++) {
            switch (bytes.int8()) {
                case 'n' -> tuple.isNull();
                case 'u' -> tuple.unchanged();
                case 't' -> tuple.text(bytes.counted());
                default -> throw bytes.wrong("a value that is not text");
            }
        }
        return tuple.build();
    }

    /** How every message of the stream that can't be understood is told; never with a value. */
    static GodwitException wrong(String what, String where) {
        return new GodwitException(
                ErrorCode.SOURCE_FAILED,
                "The stream of changes holds " + what + ".",
                where,
                "Tell the versions of Godwit and of the source to whoever looks after Godwit.");
    }
}
