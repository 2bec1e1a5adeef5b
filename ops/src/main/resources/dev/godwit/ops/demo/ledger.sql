-- Negative and sparse keys, from end to end of bigint.
CREATE TABLE public.ledger (
  entry bigint NOT NULL, account text NOT NULL, cents bigint NOT NULL, rate numeric, booked date, memo varchar(80));
INSERT INTO public.ledger
SELECT CASE WHEN i = 1 THEN '-9223372036854775808'::bigint WHEN i = 2 THEN 9223372036854775807 WHEN i = 3 THEN 0
    ELSE (i - ${rows} / 2) * 61000000000 + sample.pick(i, 1, 1000000000) END,
  'ACC' || sample.pick(i, 2, 500), sample.pick(i, 3, 1000000) - 500000,
  (sample.pick(i, 4, 1000000) / 1000.0)::numeric(20, 6), date '2020-01-01' + (i % 2000)::int, sample.word(i, 5)
FROM generate_series(1, ${rows}) i;
ALTER TABLE public.ledger ADD PRIMARY KEY (entry)
