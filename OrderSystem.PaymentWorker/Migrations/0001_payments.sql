-- One payment for each order, for ever: the primary key is what keeps a second charge from being begun.
CREATE TABLE payments (
    order_id           uuid        NOT NULL PRIMARY KEY,
    id                 uuid        NOT NULL,
    amount             numeric     NOT NULL CHECK (amount > 0),
    currency           text        NOT NULL,
    -- Written before the first call and never changed: every attempt carries the same one.
    provider_key       uuid        NOT NULL,
    status             text        NOT NULL CHECK (status IN ('charging', 'unknown', 'succeeded', 'declined', 'review')),
    attempts           int         NOT NULL,
    lease_until        timestamptz NOT NULL,
    provider_reference text,
    reason             text,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX payments_open ON payments (updated_at) WHERE status IN ('charging', 'unknown', 'review');
