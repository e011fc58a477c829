-- online
-- Orders that are shown as refunded: their row stays paid.
CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_refunded ON orders (id) WHERE status = 'paid' AND refunded_total >= total;
