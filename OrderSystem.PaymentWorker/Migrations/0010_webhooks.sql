ALTER TABLE payments VALIDATE CONSTRAINT payments_status_check;

-- The payments that are looked up next, and the one that has waited the longest.
CREATE INDEX payments_processing ON payments (lease_until) WHERE status = 'processing';
CREATE INDEX payments_processing_since ON payments (processing_since) WHERE status = 'processing';

-- What the provider reported by webhooks: an inbox. Only what is applied is kept, no body. The id is derived from provider and event id.
CREATE TABLE webhook_events (
    id          uuid        NOT NULL PRIMARY KEY,
    provider    text        NOT NULL,
    event_id    text        NOT NULL,
    type        text        NOT NULL,
    claim       text        NOT NULL CHECK (claim IN ('nothing', 'processing', 'succeeded', 'declined')),
    order_id    uuid,
    reference   text,
    amount      numeric,
    currency    text,
    reason      text,
    received_at timestamptz NOT NULL DEFAULT now(),
    -- When it is applied next, while it waits.
    due_at      timestamptz NOT NULL DEFAULT now(),
    attempts    int         NOT NULL DEFAULT 0,
    state       text        NOT NULL CHECK (state IN ('waiting', 'applied', 'ignored', 'dead')),
    detail      text,
    -- It claims another outcome than the final one of its payment.
    contradicts boolean     NOT NULL DEFAULT false
);
CREATE INDEX webhook_events_waiting ON webhook_events (due_at) WHERE state = 'waiting';
CREATE INDEX webhook_events_dead ON webhook_events (received_at) WHERE state = 'dead';
CREATE INDEX webhook_events_settled ON webhook_events (received_at) WHERE state IN ('applied', 'ignored');

ALTER TABLE operator_actions DROP CONSTRAINT operator_actions_action_check;
ALTER TABLE operator_actions ADD CONSTRAINT operator_actions_action_check
    CHECK (action IN ('requery', 'resolve', 'pause', 'resume', 'replay-webhook', 'discard-webhook'));
