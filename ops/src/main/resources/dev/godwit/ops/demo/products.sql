CREATE TABLE public.products (
  id integer PRIMARY KEY, sku varchar(20) NOT NULL, name text NOT NULL, price numeric(10,2) NOT NULL, attributes jsonb,
  tags text[], dimensions double precision[], description text, image bytea, discontinued boolean DEFAULT false);
INSERT INTO public.products
SELECT i, 'SKU-' || lpad(i::text, 8, '0'), sample.word(i, 1) || ' ' || sample.word(i, 2),
  sample.pick(i, 3, 100000) / 100.0,
  jsonb_build_object('color', sample.word(i, 4), 'sizes', jsonb_build_array(i % 7, i % 11, NULL),
    'ratings', jsonb_build_object('stars', 1 + i % 5, 'count', sample.pick(i, 5, 900))),
  CASE WHEN i % 4 = 0 THEN '{}' ELSE ARRAY[sample.word(i, 6), sample.word(i, 7), '', 'a "quoted", one'] END,
  ARRAY[i / 7.0, i / 3.0, sample.pick(i, 8, 100)], sample.prose(i, 9), decode(md5(i::text), 'hex'), i % 50 = 0
FROM generate_series(1, ${rows}) i
