-- Refunds of paid orders, in whole or in part. That of a cancelled order is not here, but in orders.refund.
CREATE TABLE refunds (
    id                 uuid        NOT NULL PRIMARY KEY,
    order_id           uuid        NOT NULL REFERENCES orders,
    amount             numeric     NOT NULL CHECK (amount > 0),
    currency           text        NOT NULL,
    reason             text,
    source             text        NOT NULL CHECK (source IN ('request', 'provider', 'chargeback')),
    status             text        NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
    provider_reference text,
    failure            text,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL
);
CREATE INDEX refunds_by_order ON refunds (order_id);
-- What is open is counted every ten seconds, and is next to nothing of all.
CREATE INDEX refunds_pending ON refunds (created_at) WHERE status = 'pending';
-- No statement compares these columns.
ALTER TABLE refunds ALTER COLUMN reason SET STATISTICS 0, ALTER COLUMN failure SET STATISTICS 0;

-- Sums over the refunds of an order, beside its total: one lock on one row decides whether another refund fits. refund_requests numbers them.
ALTER TABLE orders
    ADD COLUMN refunded_total  numeric NOT NULL DEFAULT 0,
    ADD COLUMN refund_pending  numeric NOT NULL DEFAULT 0,
    ADD COLUMN refund_requests int     NOT NULL DEFAULT 0;

-- The refund that a client's key led to; null for an order.
ALTER TABLE idempotency_keys ADD COLUMN refund_id uuid;
