-- No key, and each row is there twice: only a multiset is right.
CREATE TABLE public.audit_log (at timestamptz, actor text, action text, detail text);
INSERT INTO public.audit_log
SELECT sample.moment(i / 2, 1), CASE WHEN i / 2 % 10 = 0 THEN NULL ELSE 'user' || sample.pick(i / 2, 2, 100000) END,
  (ARRAY['login','logout','update','delete'])[1 + sample.pick(i / 2, 3, 4)], sample.prose(i / 2, 4)
FROM generate_series(1, ${rows}) i
