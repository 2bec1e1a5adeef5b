CREATE TABLE public.sessions (
  id uuid NOT NULL, user_id bigint, started_at timestamptz NOT NULL, lasted interval, address inet, agent text,
  cart jsonb);
INSERT INTO public.sessions
SELECT md5('session ' || i)::uuid, CASE WHEN i % 4 > 0 THEN sample.pick(i, 1, 100000) END, sample.moment(i, 2),
  sample.pick(i, 3, 7200) * interval '1 second',
  CASE WHEN i % 2 = 0 THEN inet '10.0.0.0' + sample.pick(i, 4, 16000000) ELSE inet '2001:db8::' + sample.pick(i, 5, 9000000000) END,
  'Mozilla/5.0 (' || sample.word(i, 6) || ') ' || md5(i::text),
  CASE WHEN i % 3 = 0 THEN jsonb_build_array(sample.pick(i, 7, 20000), sample.pick(i, 8, 20000)) END
FROM generate_series(1, ${rows}) i;
ALTER TABLE public.sessions ADD PRIMARY KEY (id)
