CREATE TABLE orders (
    id          uuid        NOT NULL PRIMARY KEY,
    customer_id text        NOT NULL,
    currency    text        NOT NULL,
    total       numeric     NOT NULL CHECK (total > 0),
    items       jsonb       NOT NULL,
    status      text        NOT NULL CHECK (status IN ('pending', 'paid', 'paymentFailed', 'cancelled', 'manualReview')),
    reason      text,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);

-- Ids are UUIDv7: their order is that of the orders' creation, so they are the keyset of every listing.
CREATE INDEX orders_by_customer ON orders (customer_id, id);
CREATE INDEX orders_unpaid ON orders (status, id) WHERE status <> 'paid';
