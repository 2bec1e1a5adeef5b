-- What the scripts make values from: functions of the row's number alone, so that each run makes the same data.
CREATE SCHEMA sample;
-- 0 to n - 1
CREATE FUNCTION sample.pick(i bigint, salt bigint, n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT (hashint8extended(i, salt) & 9223372036854775807) % n $$;
CREATE FUNCTION sample.word(i bigint, salt bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT ('{amber,Birch,cobalt,dune,Élan,forest,größe,harbor,iris,jade,Köln,lagoon,mañana,naïve,ocean,Привет,quartz,東京,smörgås,tide,umbra,velvet,🦢 godwit,zéphyr}'::text[])[1 + (hashint8extended(i, salt) & 9223372036854775807) % 24] $$;
-- 32 to 320 characters
CREATE FUNCTION sample.prose(i bigint, salt bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT repeat(md5((i * 31 + salt)::text) || ' ', 1 + ((hashint8extended(i, salt) & 9223372036854775807) % 10)::int) $$;
CREATE FUNCTION sample.moment(i bigint, salt bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT timestamptz '2019-03-01 00:00:00+00'
   + ((hashint8extended(i, salt) & 9223372036854775807) % 220000000000000) * interval '1 microsecond' $$
