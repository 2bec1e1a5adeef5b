-- Names that must be quoted.
CREATE TABLE public."Customer ""Notes""; DROP TABLE users--" (
  "Customer Id" integer NOT NULL, "Sélect" text COLLATE "C" NOT NULL, "from" text, "order by" timestamptz DEFAULT now(),
  PRIMARY KEY ("Sélect", "Customer Id"));
INSERT INTO public."Customer ""Notes""; DROP TABLE users--"
SELECT i, sample.word(i, 1) || ' ' || i, 'Robert''); DROP TABLE users;-- ' || sample.word(i, 2), sample.moment(i, 3)
FROM generate_series(1, ${rows}) i
