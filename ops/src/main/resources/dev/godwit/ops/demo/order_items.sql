CREATE TABLE sales.order_items (
  shop_id integer NOT NULL, order_no bigint NOT NULL, line smallint NOT NULL, product_id integer NOT NULL,
  quantity public.quantity NOT NULL, price numeric(10,2) NOT NULL,
  amount numeric(14,2) GENERATED ALWAYS AS (quantity * price) STORED);
INSERT INTO sales.order_items (shop_id, order_no, line, product_id, quantity, price)
SELECT 1 + i % 40, i, line, 1 + sample.pick(i * 10 + line, 1, 20000), 1 + sample.pick(i * 10 + line, 2, 9),
  sample.pick(i * 10 + line, 3, 100000) / 100.0
FROM generate_series(1, ${rows}) i, generate_series(1, 2) line;
ALTER TABLE sales.order_items ADD PRIMARY KEY (shop_id, order_no, line)
