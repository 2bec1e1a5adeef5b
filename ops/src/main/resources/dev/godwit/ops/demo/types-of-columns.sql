-- Schemas and types that the shop's tables need.
CREATE SCHEMA IF NOT EXISTS sales;
CREATE TYPE public.order_status AS ENUM ('new', 'paid', 'shipped', 'returned', 'canceled "by us"');
CREATE DOMAIN public.quantity AS integer CHECK (VALUE > 0);
CREATE TYPE public.postal_address AS (street text, zip varchar(12), city text, since date)
