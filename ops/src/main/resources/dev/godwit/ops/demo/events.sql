CREATE TABLE public.events (
  occurred_at timestamptz NOT NULL, id bigint NOT NULL, kind text NOT NULL, session uuid, payload jsonb NOT NULL);
-- half of the events happened within one day: skew
INSERT INTO public.events
SELECT CASE WHEN i % 2 = 0 THEN sample.moment(i, 1)
    ELSE timestamptz '2024-11-29 00:00:00+00' + sample.pick(i, 2, 86400000000) * interval '1 microsecond' END,
  i, (ARRAY['view','search','cart','checkout','login'])[1 + i % 5], md5('session ' || sample.pick(i, 3, 180000))::uuid,
  jsonb_build_object('page', '/' || sample.word(i, 4) || '/' || i % 1000, 'ms', sample.pick(i, 5, 5000),
    'trace', md5(i::text), 'tags', jsonb_build_array(sample.word(i, 6), i % 13))
FROM generate_series(1, ${rows}) i;
ALTER TABLE public.events ADD PRIMARY KEY (occurred_at, id)
