-- A few very wide rows: 1 to 4 units of text and of bytes together, where a unit is 5 MB at scale 1.
CREATE TABLE public.documents (id integer PRIMARY KEY, title text NOT NULL, body text, scan bytea);
ALTER TABLE public.documents ALTER scan SET STORAGE EXTERNAL, ALTER body SET STORAGE EXTERNAL;
INSERT INTO public.documents
SELECT i, 'Document ' || i || ' ' || sample.word(i, 1),
  CASE WHEN i % 2 = 0 THEN (SELECT string_agg(encode(sha512(int8send(i * 100000000::bigint + n)), 'hex'), '' ORDER BY n)
    FROM generate_series(1, ${unit} * (1 + i % 4) / 128) n) END,
  CASE WHEN i % 2 = 1 THEN (SELECT string_agg(sha512(int8send(i * 100000000::bigint + n)), NULL ORDER BY n)
    FROM generate_series(1, ${unit} * (1 + i % 4) / 64) n) END
FROM generate_series(1, ${rows}) i
