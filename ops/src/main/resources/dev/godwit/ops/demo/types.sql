-- Every common type, each with its edges. Row 1 is all NULL; rows 2 to 6 hold the edges.
CREATE TABLE public.types (
  id integer PRIMARY KEY, a_boolean boolean, a_smallint smallint, an_integer integer, a_bigint bigint, a_numeric numeric,
  a_scaled numeric(30,10), a_real real, a_double double precision, a_char char(5), a_varchar varchar(40), a_text text,
  a_name name, a_bytea bytea, a_date date, a_time time, a_timetz timetz, a_timestamp timestamp(3),
  a_timestamptz timestamptz, an_interval interval, a_uuid uuid, an_inet inet, a_cidr cidr, a_macaddr macaddr,
  a_macaddr8 macaddr8, a_bit bit(7), a_varbit varbit, a_json json, a_jsonb jsonb, a_money money, a_point point,
  a_box box, a_path path, a_circle circle, an_int4range int4range, a_numrange numrange, a_tstzrange tstzrange,
  a_daterange daterange, an_int8multirange int8multirange, a_tsvector tsvector, a_tsquery tsquery, a_pg_lsn pg_lsn,
  a_jsonpath jsonpath, an_enum public.order_status, a_domain public.quantity, a_composite public.postal_address,
  ints integer[], texts text[], matrix numeric[], enums public.order_status[], shifted integer[], ranges daterange[]);
INSERT INTO public.types (id) VALUES (1);
INSERT INTO public.types (id, a_boolean, a_smallint, an_integer, a_bigint, a_numeric, a_scaled, a_real, a_double, a_date,
    a_timestamp, a_timestamptz, an_interval, a_char, a_text, a_numrange, a_bytea, an_inet, a_daterange) VALUES
  (2, false, -32768, -2147483648, -9223372036854775808, '-Infinity', -12345678901234567890.0123456789, '-Infinity',
    '-Infinity', '-infinity', '-infinity', '-infinity', '-178000000 years', '', '', 'empty', '', '0.0.0.0/0', '(,)'),
  (3, true, 32767, 2147483647, 9223372036854775807, 'Infinity', 12345678901234567890.0123456789, 'Infinity',
    'Infinity', 'infinity', 'infinity', 'infinity', '178000000 years', 'ab', E'\x01\x7f\\N\\.', '(,1.10]', '\x00ff00',
    '::/0', 'empty'),
  (4, NULL, 0, 0, 0, 'NaN', 0.0000000000, 'NaN', 'NaN', '4713-01-01 BC', '4713-01-01 00:00:00 BC',
    '0044-03-15 12:00:00+00 BC', '-1 mons +2 days -00:00:00.000001', ' a', 'NULL', '[-1.50,)', '\x', '::1/128', '(,)'),
  (5, NULL, -1, -1, -1, 1.10, -1.1000000000, '-0', '-0', '5874897-12-31', '294276-12-31 23:59:59.999',
    '294276-12-31 23:59:59.999999+00', '0', 'é', E'Zürich 東京 🦢 e\u0301 \u202E rtl', '[1.0,1.00]', '\xdeadbeef',
    '192.168.1.5/24', '[2020-01-01,2020-02-01)'),
  (6, NULL, 1, 1, 1, 1e-100, 1.0000000000, 1.17549435e-38, 2.2250738585072014e-308, '2000-02-29',
    '2000-02-29 23:59:59.999', '2016-12-31 23:59:59.999999+00', '1 year 2 mons 3 days 04:05:06.789', 'abcde',
    repeat('wide ', 3000), '(0,1e30)', decode(repeat('00', 3000), 'hex'), '10.1.2.3', '[2020-01-01,)');
INSERT INTO public.types
SELECT i, i % 2 = 0, i % 30000, i, i * 1000003, (sample.pick(i, 1, 1000000000) / 7.0), sample.pick(i, 2, 100000) / 3.0,
  (i / 3.0)::real, i / 7.0, sample.word(i, 3)::char(5), left(sample.word(i, 4), 40), sample.prose(i, 5), 'n' || i,
  decode(md5(i::text), 'hex'), date '2000-01-01' + (i % 9000)::int, time '00:00' + (i % 86400) * interval '1 second',
  (time '01:02:03.4' + (i % 80000) * interval '1 second')::time AT TIME ZONE interval '-05:30', sample.moment(i, 6) AT TIME ZONE 'UTC',
  sample.moment(i, 7), (i % 400) * interval '1 day' - (i % 90000) * interval '1 second', md5(i::text)::uuid,
  inet '10.0.0.0' + i, ('10.' || i % 256 || '.0.0/16')::cidr, '08:00:2b:01:02:03'::macaddr,
  '08:00:2b:01:02:03:04:05'::macaddr8, (i % 128)::bit(7), (i % 16)::bit(4)::varbit,
  ('{"b": ' || i || ', "a":  [1, 1.0, null], "b": "twice"}')::json, jsonb_build_object('i', i, 'n', i / 3.0),
  (i / 100.0)::numeric::money, point(i, -i), box(point(i, i), point(0, 0)), '((0,0),(1,1),(2,0))'::path,
  circle(point(0, 0), i), int4range(i::int, i::int + 10), numrange(i, i + 0.5, '[]'),
  tstzrange(sample.moment(i, 8), NULL), daterange(NULL, '2020-01-01'), int8multirange(int8range(1, i), int8range(i + 5, i + 9)),
  to_tsvector('simple', 'the ' || sample.word(i, 9) || ' flies ' || i), 'fly & (bird | !stone)'::tsquery,
  '16/B374D848'::pg_lsn + i, '$.a[*] ? (@ > 1)'::jsonpath, (enum_range(NULL::public.order_status))[1 + i % 5],
  1 + i % 100, ROW('Street "' || i || '"', NULL, sample.word(i, 10), 'infinity')::public.postal_address,
  ARRAY[i, NULL, -i]::integer[], ARRAY['', NULL, 'NULL', 'a,b', '{}', sample.word(i, 11)],
  ARRAY[ARRAY[1.10, 2], ARRAY['NaN', i]]::numeric[], ARRAY['paid', NULL, 'canceled "by us"']::public.order_status[],
  '[-2:0]={7,8,9}'::integer[], ARRAY[daterange('2020-01-01', '2021-01-01'), 'empty']
FROM generate_series(7::bigint, ${rows}) i
