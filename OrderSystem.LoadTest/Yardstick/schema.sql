-- What a naive version of this system would have: one row for each order, payment and outbox entry, nothing batched.
CREATE TABLE orders (
    id              uuid           PRIMARY KEY,
    customer_id     text           NOT NULL,
    currency        text           NOT NULL,
    total           numeric(18, 2) NOT NULL,
    items           jsonb          NOT NULL,
    status          text           NOT NULL,
    idempotency_key text           UNIQUE,
    created_at      timestamptz    NOT NULL DEFAULT now(),
    updated_at      timestamptz    NOT NULL DEFAULT now()
);
CREATE TABLE payments (
    order_id   uuid           PRIMARY KEY,
    amount     numeric(18, 2) NOT NULL,
    currency   text           NOT NULL,
    status     text           NOT NULL,
    gateway_id text,
    created_at timestamptz    NOT NULL DEFAULT now(),
    updated_at timestamptz    NOT NULL DEFAULT now()
);
CREATE TABLE outbox (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    msg_id      text        NOT NULL,
    subject     text        NOT NULL,
    payload     bytea       NOT NULL,
    traceparent text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);
