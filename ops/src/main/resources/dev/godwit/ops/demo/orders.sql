CREATE TABLE sales.orders (
  shop_id integer NOT NULL, order_no bigint NOT NULL, user_id bigint, status public.order_status NOT NULL,
  total numeric(12,2) NOT NULL, currency char(3) NOT NULL, placed_at timestamptz NOT NULL, shipped_at timestamp,
  ship_to public.postal_address, note text);
INSERT INTO sales.orders
SELECT 1 + i % 40, i, sample.pick(i, 1, 100000), (enum_range(NULL::public.order_status))[1 + i % 5],
  sample.pick(i, 2, 5000000) / 100.0, (ARRAY['EUR','USD','JPY'])[1 + i % 3], sample.moment(i, 3),
  CASE WHEN i % 3 = 0 THEN NULL ELSE sample.moment(i, 3) AT TIME ZONE 'UTC' + interval '2 days' END,
  CASE WHEN i % 6 = 0 THEN NULL
    ELSE ROW(sample.word(i, 4) || ' ' || i % 200, lpad((i % 99999)::text, 5, '0'), sample.word(i, 5), NULL)::public.postal_address END,
  CASE WHEN i % 9 = 0 THEN E'line one\nline two\t"tab" \\N ' || sample.word(i, 6) END
FROM generate_series(1, ${rows}) i;
ALTER TABLE sales.orders ADD PRIMARY KEY (shop_id, order_no)
