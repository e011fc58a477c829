-- The ledger: what happened to each order, in order. Append-only; the bytes that are published are the bytes that stand here.
CREATE TABLE events (
    order_id    uuid        NOT NULL,
    version     int         NOT NULL CHECK (version > 0),
    event_id    uuid        NOT NULL,
    type        text        NOT NULL,
    payload     bytea       NOT NULL,
    traceparent text,
    tracestate  text,
    occurred_at timestamptz NOT NULL,
    PRIMARY KEY (order_id, version)
);
-- Bodies are small and read once: compressing them costs more than it saves.
ALTER TABLE events ALTER COLUMN payload SET STORAGE EXTERNAL;

CREATE VIEW readable_events AS
    SELECT order_id, version, event_id, type, convert_from(payload, 'UTF8')::jsonb AS body, traceparent, occurred_at FROM events;

-- The queue: references to events that are not yet in their stream. No foreign key: both rows are written by one statement.
CREATE TABLE outbox (
    order_id     uuid        NOT NULL,
    version      int         NOT NULL,
    available_at timestamptz NOT NULL,
    attempts     int         NOT NULL DEFAULT 0,
    last_error   text,
    parked_at    timestamptz,
    PRIMARY KEY (order_id, version)
);
CREATE INDEX outbox_waiting ON outbox (available_at) WHERE parked_at IS NULL;

-- What was received and took effect: a second delivery of the same event finds itself here.
CREATE TABLE inbox (
    event_id    uuid        NOT NULL PRIMARY KEY,
    received_at timestamptz NOT NULL DEFAULT now()
);

-- Rows live for milliseconds: without this, 400 a second leave 24,000 dead ones a minute.
ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE inbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
