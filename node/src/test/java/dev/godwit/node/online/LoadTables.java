package dev.godwit.node.online;

import static dev.godwit.node.online.Kind.BULK;
import static dev.godwit.node.online.Kind.DELETE;
import static dev.godwit.node.online.Kind.INSERT;
import static dev.godwit.node.online.Kind.LOCK;
import static dev.godwit.node.online.Kind.MESSAGE;
import static dev.godwit.node.online.Kind.MOVE;
import static dev.godwit.node.online.Kind.MOVE_FAR;
import static dev.godwit.node.online.Kind.REINSERT;
import static dev.godwit.node.online.Kind.SWAP;
import static dev.godwit.node.online.Kind.TRUNCATE;
import static dev.godwit.node.online.Kind.UPDATE;

import java.util.List;

/** The tables of the load: of every kind of key and replica identity, and with what else makes a change hard to follow. */
final class LoadTables {
    private LoadTables() {}

    /** @param rows of a big table at first, about */
    static List<LoadTable> of(int rows) {
        int space = Math.max(64, rows * 2);
        return List.of(
                account(space),
                entry(space),
                line(space),
                session(space),
                word(Math.max(64, space / 10)),
                seat(Math.max(64, space / 10)),
                deferredSeat(Math.max(64, space / 20)),
                document(Math.max(64, space / 20)),
                note(Math.max(64, space / 40)),
                part(Math.max(64, space / 2)),
                event(Math.max(64, space / 2)),
                animal(Math.max(64, space / 4)),
                mixedCase(Math.max(64, space / 4)),
                tiny());
    }

    /** A key of one number; changes of keys and deletes go on to {@link #entry}. */
    private static LoadTable account(int space) {
        return new LoadTable(
                        "account",
                        20,
                        space,
                        "CREATE TABLE account (id bigint PRIMARY KEY, version int NOT NULL, note text)",
                        "INSERT INTO account SELECT n * 1000, 0, repeat(md5(n::text), 1 + n % 4)"
                                + " FROM generate_series(2, {space}, 2) n")
                .on(
                        INSERT,
                        "INSERT INTO account VALUES ({n} * 1000, {v}, repeat(md5('{v}'), {v} % 4)) ON CONFLICT DO NOTHING")
                .on(
                        INSERT,
                        "INSERT INTO account VALUES ({n} * 1000, {v}, NULL)"
                                + " ON CONFLICT (id) DO UPDATE SET version = account.version + 1")
                .on(UPDATE, "UPDATE account SET version = version + 1 WHERE id = {n} * 1000")
                .on(UPDATE, "UPDATE account SET version = {v}, note = NULLIF(md5('{v}'), note) WHERE id = {n} * 1000")
                .on(UPDATE, "UPDATE account SET note = '' WHERE id = {n} * 1000")
                .on(MOVE, moved("account", "id", "{n} * 1000", "{m} * 1000"))
                .on(MOVE_FAR, moved("account", "id", "{n} * 1000", "{m} * 1000"))
                .on(DELETE, "DELETE FROM account WHERE id = {n} * 1000")
                .on(
                        REINSERT,
                        "DELETE FROM account WHERE id = {n} * 1000",
                        "INSERT INTO account VALUES ({n} * 1000, {v}, 'again') ON CONFLICT DO NOTHING")
                .on(BULK, "UPDATE account SET version = version + 1 WHERE id BETWEEN {n} * 1000 AND ({n} + 200) * 1000")
                .on(LOCK, "SELECT FROM account WHERE id BETWEEN {n} * 1000 AND ({n} + 5) * 1000 FOR UPDATE")
                .on(MESSAGE, "SELECT pg_logical_emit_message({v} % 2 = 0, 'write-load', 'no change')")
                .on(TRUNCATE, "TRUNCATE account, entry");
    }

    private static LoadTable entry(int space) {
        return new LoadTable(
                        "entry",
                        8,
                        space,
                        "CREATE TABLE entry (id bigint PRIMARY KEY, account bigint REFERENCES account"
                                + " ON UPDATE CASCADE ON DELETE CASCADE, amount numeric)",
                        "INSERT INTO entry SELECT n, n * 1000, n / 7.0 FROM generate_series(2, {space}, 2) n",
                        "CREATE INDEX ON entry (account)")
                .on(
                        INSERT,
                        "INSERT INTO entry SELECT {n}, id, {v} / 100.0 FROM account WHERE id = {m} * 1000"
                                + " ON CONFLICT DO NOTHING")
                .on(INSERT, "INSERT INTO entry VALUES ({n}, NULL, 'NaN') ON CONFLICT DO NOTHING")
                .on(UPDATE, "UPDATE entry SET amount = {v} / 1000.0 WHERE id = {n}")
                .on(MOVE_FAR, moved("entry", "id", "{n}", "{m}"))
                .on(DELETE, "DELETE FROM entry WHERE id = {n}")
                .on(TRUNCATE, "TRUNCATE entry");
    }

    /** A key of two columns. */
    private static LoadTable line(int space) {
        String key = "day = date '2024-01-01' + {n} % 400 AND number = {n}";
        return new LoadTable(
                        "line",
                        15,
                        space,
                        "CREATE TABLE line (price numeric(12, 2), day date, tags text[], number int,"
                                + " PRIMARY KEY (day, number))",
                        "INSERT INTO line SELECT n / 100.0, date '2024-01-01' + n % 400,"
                                + " ARRAY['x', n::text, NULL, repeat('y', n % 40)], n FROM generate_series(2, {space}, 2) n")
                .on(
                        INSERT,
                        "INSERT INTO line VALUES ({v} / 100.0, date '2024-01-01' + {n} % 400, '{}', {n})"
                                + " ON CONFLICT DO NOTHING")
                .on(UPDATE, "UPDATE line SET price = {v} / 100.0 WHERE " + key)
                .on(UPDATE, "UPDATE line SET tags = tags[1:3] || '{v}'::text, price = NULL WHERE " + key)
                .on(
                        MOVE,
                        "UPDATE line SET number = {m} WHERE " + key
                                + " AND NOT EXISTS (SELECT FROM line WHERE number = {m})")
                .on(
                        MOVE_FAR,
                        "UPDATE line SET day = date '2024-01-01' + {m} % 400, number = {m} WHERE " + key
                                + " AND NOT EXISTS (SELECT FROM line WHERE number = {m})")
                .on(DELETE, "DELETE FROM line WHERE " + key)
                .on(
                        REINSERT,
                        "DELETE FROM line WHERE " + key,
                        "INSERT INTO line VALUES (1.10, date '2024-01-01' + {n} % 400, NULL, {n}) ON CONFLICT DO NOTHING")
                .on(BULK, "UPDATE line SET price = price + 1 WHERE day = date '2024-01-01' + {n} % 400")
                .on(TRUNCATE, "TRUNCATE line");
    }

    private static LoadTable session(int space) {
        return new LoadTable(
                        "session",
                        12,
                        space,
                        "CREATE TABLE session (id uuid PRIMARY KEY, seen timestamptz, agent text)",
                        "INSERT INTO session SELECT md5(n::text)::uuid, timestamptz '2025-01-01' + n * interval '1 minute',"
                                + " 'agent ' || repeat('ü', n % 60) FROM generate_series(2, {space}, 2) n")
                .on(
                        INSERT,
                        "INSERT INTO session VALUES (md5('{n}')::uuid, timestamptz '2025-06-01' + {v} * interval '1 ms',"
                                + " 'new') ON CONFLICT DO NOTHING")
                .on(
                        UPDATE,
                        "UPDATE session SET seen = timestamptz '2025-06-01' + {v} * interval '1 us'"
                                + " WHERE id = md5('{n}')::uuid")
                .on(UPDATE, "UPDATE session SET seen = '-infinity', agent = NULL WHERE id = md5('{n}')::uuid")
                .on(MOVE_FAR, moved("session", "id", "md5('{n}')::uuid", "md5('{m}')::uuid"))
                .on(DELETE, "DELETE FROM session WHERE id = md5('{n}')::uuid")
                .on(TRUNCATE, "TRUNCATE session");
    }

    /** A key of the database's own collation: it is copied as a whole. */
    private static LoadTable word(int space) {
        String key = "(left(md5('{n}'), 3) || ' Straße ' || {n})";
        String other = "(upper(left(md5('{m}'), 3)) || ' strasse ' || {m})";
        return new LoadTable(
                        "word",
                        8,
                        space,
                        "CREATE TABLE word (word text PRIMARY KEY, uses bigint, \"like\" varchar(30))",
                        "INSERT INTO word SELECT left(md5(n::text), 3) || ' Straße ' || n, n, 'w' || n"
                                + " FROM generate_series(2, {space}, 2) n")
                .on(INSERT, "INSERT INTO word VALUES (" + key + ", {v}, NULL) ON CONFLICT DO NOTHING")
                .on(UPDATE, "UPDATE word SET uses = uses + {v} WHERE word = " + key)
                .on(UPDATE, "UPDATE word SET uses = uses - 1 WHERE word = " + other)
                .on(MOVE_FAR, moved("word", "word", key, other))
                .on(DELETE, "DELETE FROM word WHERE word = " + key)
                .on(DELETE, "DELETE FROM word WHERE word = " + other)
                .on(TRUNCATE, "TRUNCATE word");
    }

    /** Unique places change hands by way of places that nobody else has. */
    private static LoadTable seat(int space) {
        return new LoadTable(
                        "seat",
                        8,
                        space,
                        "CREATE TABLE seat (id int PRIMARY KEY, place int NOT NULL UNIQUE, holder text)",
                        "INSERT INTO seat SELECT n, n, md5(n::text) FROM generate_series(2, {space}, 2) n")
                .on(INSERT, "INSERT INTO seat VALUES ({n}, {m}, 'new {v}') ON CONFLICT DO NOTHING")
                .on(UPDATE, "UPDATE seat SET holder = 'holder {v}' WHERE id = {n}")
                .on(
                        UPDATE,
                        "UPDATE seat SET place = {m} WHERE id = {n} AND NOT EXISTS (SELECT FROM seat WHERE place = {m})")
                .on(MOVE_FAR, moved("seat", "id", "{n}", "{m}"))
                .on(DELETE, "DELETE FROM seat WHERE id = {n}")
                // Its place is free again, and another takes it at once.
                .on(
                        REINSERT,
                        "DELETE FROM seat WHERE id = {n} OR place = {n}",
                        "INSERT INTO seat VALUES ({m}, {n}, 'quick') ON CONFLICT DO NOTHING")
                .on(
                        SWAP,
                        "UPDATE seat SET place = -place WHERE id IN ({n}, {m})",
                        "UPDATE seat s SET place = -o.place FROM seat o WHERE s.id IN ({n}, {m}) AND o.id IN ({n}, {m})"
                                + " AND o.id <> s.id")
                // The keys change places, the unique values stay.
                .on(
                        SWAP,
                        "UPDATE seat SET id = -id WHERE id IN ({n}, {m})",
                        "UPDATE seat SET id = {n} + {m} + id WHERE id IN (-{n}, -{m})")
                .on(TRUNCATE, "TRUNCATE seat");
    }

    /** Places are unique only at the end of a transaction. */
    private static LoadTable deferredSeat(int space) {
        return new LoadTable(
                        "deferred_seat",
                        4,
                        space,
                        "CREATE TABLE deferred_seat (id int PRIMARY KEY,"
                                + " place int UNIQUE DEFERRABLE INITIALLY DEFERRED, holder text)",
                        "INSERT INTO deferred_seat SELECT n, n, md5(n::text) FROM generate_series(2, {space}, 2) n")
                .on(
                        INSERT,
                        "INSERT INTO deferred_seat SELECT {n}, {n}, 'new {v}'"
                                + " WHERE NOT EXISTS (SELECT FROM deferred_seat WHERE id = {n} OR place = {n})")
                .on(UPDATE, "UPDATE deferred_seat SET holder = '{v}' WHERE id = {n}")
                .on(DELETE, "DELETE FROM deferred_seat WHERE id = {n}")
                .on(
                        SWAP,
                        "UPDATE deferred_seat s SET place = o.place FROM deferred_seat o"
                                + " WHERE s.id IN ({n}, {m}) AND o.id IN ({n}, {m}) AND o.id <> s.id")
                .on(TRUNCATE, "TRUNCATE deferred_seat");
    }

    /** Values out of line, which most updates leave alone, also those that change the key. */
    private static LoadTable document(int space) {
        String body = "(SELECT string_agg(md5('%s' || i), '') FROM generate_series(1, 80 + %s %% 200) i)";
        return new LoadTable(
                        "document",
                        12,
                        space,
                        "CREATE TABLE document (id bigint PRIMARY KEY, title text, body text, attachment bytea, version int)",
                        "ALTER TABLE document ALTER body SET STORAGE EXTERNAL, ALTER attachment SET STORAGE EXTERNAL",
                        "INSERT INTO document SELECT n * 1000, 'document ' || n, repeat(md5(n::text), 80 + n % 200),"
                                + " decode(repeat(md5(n::text), 70 + n % 40), 'hex'), 0 FROM generate_series(2, {space}, 2) n")
                .on(
                        INSERT,
                        "INSERT INTO document VALUES ({n} * 1000, 'new', " + body.formatted("{v}", "{v}")
                                + ", NULL, {v}) ON CONFLICT DO NOTHING")
                .on(UPDATE, "UPDATE document SET title = 'title {v}' WHERE id = {n} * 1000")
                .on(UPDATE, "UPDATE document SET version = version + 1 WHERE id = {n} * 1000")
                .on(UPDATE, "UPDATE document SET version = version + 1 WHERE id = {n} * 1000")
                .on(UPDATE, "UPDATE document SET body = " + body.formatted("{v}", "{v}") + " WHERE id = {n} * 1000")
                .on(
                        UPDATE,
                        "UPDATE document SET attachment = decode(repeat(md5('{v}'), 80), 'hex') WHERE id = {n} * 1000")
                .on(UPDATE, "UPDATE document SET body = NULL WHERE id = {n} * 1000")
                .on(MOVE, moved("document", "id", "{n} * 1000", "{m} * 1000"))
                .on(MOVE_FAR, moved("document", "id", "{n} * 1000", "{m} * 1000"))
                // And on from there, in the same transaction.
                .on(
                        MOVE_FAR,
                        moved("document", "id", "{n} * 1000", "{m} * 1000"),
                        "UPDATE document SET title = 'moved' WHERE id = {m} * 1000",
                        moved("document", "id", "{m} * 1000", "({space} - {m}) * 1000"))
                .on(DELETE, "DELETE FROM document WHERE id = {n} * 1000")
                .on(
                        REINSERT,
                        "DELETE FROM document WHERE id = {n} * 1000",
                        "INSERT INTO document VALUES ({n} * 1000, 'again', " + body.formatted("{n}", "{n}")
                                + ", '', 0) ON CONFLICT DO NOTHING")
                .on(TRUNCATE, "TRUNCATE document");
    }

    /** Without a key: whole rows identify themselves, several are the same, and some are equal without being the same. */
    private static LoadTable note(int space) {
        String one = "ctid = (SELECT ctid FROM note WHERE topic = {n} LIMIT 1)";
        return new LoadTable(
                        "note",
                        6,
                        space,
                        "CREATE TABLE note (topic int, said text, weight numeric, at timestamptz, score float8)",
                        "ALTER TABLE note REPLICA IDENTITY FULL",
                        "INSERT INTO note SELECT n, CASE WHEN n % 3 > 0 THEN 'the same note' END, 1.0, '2025-01-01', -0.0"
                                + " FROM generate_series(2, {space}, 2) n, generate_series(1, 1 + n % 3)")
                .on(
                        INSERT,
                        "INSERT INTO note SELECT {n}, 'note', 1.10, '2025-01-01', 'NaN'"
                                + " FROM generate_series(1, 1 + {v} % 3)")
                .on(INSERT, "INSERT INTO note VALUES ({n}, 'note', 1.1, '2025-01-01', 'NaN')")
                .on(INSERT, "INSERT INTO note VALUES ({n}, NULL, {v}, NULL, 0.1)")
                .on(UPDATE, "UPDATE note SET said = 'changed {v}' WHERE " + one)
                .on(UPDATE, "UPDATE note SET score = {v} / 3.0::float8 WHERE topic = {n}")
                .on(MOVE_FAR, "UPDATE note SET topic = {m} WHERE " + one)
                .on(DELETE, "DELETE FROM note WHERE " + one)
                .on(DELETE, "DELETE FROM note WHERE topic = {n}")
                .on(TRUNCATE, "TRUNCATE note");
    }

    /** The replica identity is another index than the primary key's; both change. */
    private static LoadTable part(int space) {
        return new LoadTable(
                        "part",
                        8,
                        space,
                        "CREATE TABLE part (id bigint PRIMARY KEY, region int NOT NULL, code int NOT NULL, stock int,"
                                + " remark text)",
                        "INSERT INTO part SELECT n, n % 7, n, n, repeat('r', n % 50) FROM generate_series(2, {space}, 2) n",
                        "CREATE UNIQUE INDEX part_identity ON part (region, code)",
                        "ALTER TABLE part REPLICA IDENTITY USING INDEX part_identity")
                .on(INSERT, "INSERT INTO part VALUES ({n}, {m} % 7, {n}, {v}, NULL) ON CONFLICT DO NOTHING")
                .on(UPDATE, "UPDATE part SET stock = {v} WHERE id = {n}")
                .on(MOVE_FAR, moved("part", "id", "{n}", "{m}"))
                .on(
                        MOVE_FAR,
                        "UPDATE part SET region = {v} % 7 WHERE id = {n} AND NOT EXISTS (SELECT FROM part o"
                                + " WHERE o.region = {v} % 7 AND o.code = part.code)")
                .on(
                        MOVE,
                        "UPDATE part SET code = {m} WHERE id = {n} AND NOT EXISTS (SELECT FROM part o"
                                + " WHERE o.region = part.region AND o.code = {m})")
                .on(DELETE, "DELETE FROM part WHERE id = {n}")
                .on(BULK, "UPDATE part SET stock = stock + 1 WHERE id BETWEEN {n} AND {n} + 300")
                .on(TRUNCATE, "TRUNCATE part");
    }

    /** Rows that move between partitions are deleted in one and inserted in another. */
    private static LoadTable event(int space) {
        String day = "date '2024-01-01' + {n} % 366";
        return new LoadTable(
                        "event",
                        8,
                        space,
                        "CREATE TABLE event (id bigint, day date, what text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day)",
                        "CREATE TABLE event_q1 PARTITION OF event FOR VALUES FROM (MINVALUE) TO ('2024-04-01')",
                        "CREATE TABLE event_q2 PARTITION OF event FOR VALUES FROM ('2024-04-01') TO ('2024-07-01')",
                        "CREATE TABLE event_rest PARTITION OF event DEFAULT",
                        "INSERT INTO event SELECT n, date '2024-01-01' + n % 366, md5(n::text)"
                                + " FROM generate_series(2, {space}, 2) n")
                .on(INSERT, "INSERT INTO event VALUES ({n}, " + day + ", 'new {v}') ON CONFLICT DO NOTHING")
                .on(UPDATE, "UPDATE event SET what = 'what {v}' WHERE id = {n}")
                .on(
                        MOVE_FAR,
                        "UPDATE event SET day = date '2024-01-01' + {m} % 366 WHERE id = {n} AND NOT EXISTS (SELECT FROM"
                                + " event o WHERE o.id = {n} AND o.day = date '2024-01-01' + {m} % 366)")
                .on(DELETE, "DELETE FROM event WHERE id = {n}")
                .on(BULK, "UPDATE event SET what = 'bulk' WHERE day = " + day)
                .on(TRUNCATE, "TRUNCATE event_q2")
                .on(TRUNCATE, "TRUNCATE event");
    }

    private static LoadTable animal(int space) {
        return new LoadTable(
                        "animal",
                        6,
                        space,
                        "CREATE TABLE animal (id bigint PRIMARY KEY, name text)",
                        "CREATE TABLE dog (breed text, PRIMARY KEY (id)) INHERITS (animal)",
                        "INSERT INTO animal SELECT n, 'animal ' || n FROM generate_series(2, {space}, 2) n",
                        "INSERT INTO dog SELECT n, 'dog ' || n, md5(n::text) FROM generate_series(2, {space}, 2) n")
                .on(INSERT, "INSERT INTO animal VALUES ({n}, 'new {v}') ON CONFLICT DO NOTHING")
                .on(INSERT, "INSERT INTO dog VALUES ({n}, 'new {v}', NULL) ON CONFLICT DO NOTHING")
                .on(UPDATE, "UPDATE animal SET name = 'both {v}' WHERE id = {n}")
                .on(UPDATE, "UPDATE dog SET breed = '{v}' WHERE id = {n}")
                .on(
                        MOVE_FAR,
                        "UPDATE ONLY animal SET id = {m} WHERE id = {n}"
                                + " AND NOT EXISTS (SELECT FROM ONLY animal WHERE id = {m})")
                .on(DELETE, "DELETE FROM animal WHERE id = {n}")
                .on(DELETE, "DELETE FROM dog WHERE id = {n}")
                .on(TRUNCATE, "TRUNCATE ONLY animal")
                .on(TRUNCATE, "TRUNCATE animal");
    }

    /** Quoted names, a key that the source gives, a column that each side computes. */
    private static LoadTable mixedCase(int space) {
        String name = "\"Mixed \"\"Case\"\" Table\"";
        return new LoadTable(
                        name,
                        6,
                        space,
                        "CREATE TABLE " + name
                                + " (\"Id\" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \"select\" int,"
                                + " \"Twice\" int GENERATED ALWAYS AS (\"select\" * 2) STORED, \"from Here\" text,"
                                + " \"Number\" int GENERATED BY DEFAULT AS IDENTITY)",
                        "INSERT INTO " + name + " (\"select\", \"from Here\") SELECT n % 500, 'from ' || n"
                                + " FROM generate_series(2, {space}, 2) n")
                .on(
                        INSERT,
                        "INSERT INTO " + name + " (\"select\", \"from Here\") VALUES ({n} % 500, '{v}')"
                                + " ON CONFLICT DO NOTHING")
                .on(
                        INSERT,
                        "INSERT INTO " + name + " (\"Id\", \"select\") OVERRIDING SYSTEM VALUE VALUES"
                                + " (-{n}, {v} % 500) ON CONFLICT DO NOTHING")
                .on(UPDATE, "UPDATE " + name + " SET \"select\" = {v} % 500 WHERE \"Id\" = {n}")
                .on(UPDATE, "UPDATE " + name + " SET \"from Here\" = '{v}', \"Number\" = {v} WHERE \"Id\" = -{n}")
                .on(DELETE, "DELETE FROM " + name + " WHERE \"select\" = {n} % 500")
                .on(TRUNCATE, "TRUNCATE " + name + " RESTART IDENTITY");
    }

    /** So small that it is often empty. */
    private static LoadTable tiny() {
        return new LoadTable(
                        "tiny",
                        6,
                        20,
                        "CREATE TABLE tiny (id int PRIMARY KEY, v int)",
                        "INSERT INTO tiny SELECT n, n FROM generate_series(2, {space}, 2) n")
                .on(INSERT, "INSERT INTO tiny VALUES ({n}, {v}) ON CONFLICT DO NOTHING")
                .on(UPDATE, "UPDATE tiny SET v = {v} WHERE id = {n}")
                .on(MOVE_FAR, moved("tiny", "id", "{n}", "{m}"))
                .on(DELETE, "DELETE FROM tiny WHERE id = {n}")
                .on(TRUNCATE, "TRUNCATE tiny")
                .on(TRUNCATE, "TRUNCATE tiny", "INSERT INTO tiny SELECT n, {v} FROM generate_series(1, {n}) n");
    }

    /** Another writer may be first to take the new key: then the statement is refused, and its transaction with it. */
    private static String moved(String table, String column, String from, String to) {
        return "UPDATE " + table + " SET " + column + " = " + to + " WHERE " + column + " = " + from
                + " AND NOT EXISTS (SELECT FROM " + table + " WHERE " + column + " = " + to + ")";
    }
}
