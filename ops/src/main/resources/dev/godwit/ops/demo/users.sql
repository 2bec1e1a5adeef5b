CREATE TABLE public.users (
  id bigint GENERATED ALWAYS AS IDENTITY, email text NOT NULL, name text, country char(2), balance numeric(12,2),
  marketing boolean, interests text[], profile jsonb, created_at timestamptz NOT NULL, born date);
INSERT INTO public.users OVERRIDING SYSTEM VALUE
SELECT i, 'user' || i || '@example.org', sample.word(i, 1) || ' ' || sample.word(i, 2),
  (ARRAY['DE','FR','SE','JP','BR','US'])[1 + sample.pick(i, 3, 6)],
  CASE WHEN i % 11 = 0 THEN NULL ELSE (sample.pick(i, 4, 2000000) - 500000) / 100.0 END,
  CASE i % 3 WHEN 0 THEN true WHEN 1 THEN false END,
  CASE WHEN i % 5 = 0 THEN NULL ELSE ARRAY[sample.word(i, 5), NULL, sample.word(i, 6)] END,
  jsonb_build_object('theme', sample.word(i, 7), 'visits', sample.pick(i, 8, 1000), 'beta', i % 2 = 0),
  sample.moment(i, 9), date '1940-01-01' + sample.pick(i, 10, 25000)::int
FROM generate_series(1, ${rows}) i;
ALTER TABLE public.users ADD PRIMARY KEY (id);
SELECT setval(pg_get_serial_sequence('public.users', 'id'), ${rows})
