-- What was given back of the charge of a paid order: by request, at the provider's console, or by a chargeback. The refund of a cancelled order is in payments.
CREATE TABLE refunds (
    id                 uuid        NOT NULL PRIMARY KEY,
    order_id           uuid        NOT NULL,
    amount             numeric     NOT NULL CHECK (amount > 0),
    currency           text        NOT NULL,
    reason             text,
    source             text        NOT NULL CHECK (source IN ('request', 'provider', 'chargeback')),
    status             text        NOT NULL CHECK (status IN ('pending', 'review', 'succeeded', 'failed')),
    attempts           int         NOT NULL DEFAULT 0,
    -- Written before the first call and never changed; null for one that was made at the provider.
    provider_key       uuid,
    provider_reference text,
    -- Why it has failed, or is not made yet.
    failure            text,
    calls              jsonb,
    -- It may have been made before a restore.
    in_doubt           boolean     NOT NULL DEFAULT false,
    first_attempt_at   timestamptz,
    -- The provider has accepted it, and its outcome comes later.
    processing_since   timestamptz,
    traceparent        text,
    -- The lease of a worker, or the next attempt.
    lease_until        timestamptz NOT NULL DEFAULT now(),
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX refunds_by_order ON refunds (order_id);
-- By two kinds, as payments are; the planner would simplify NOT (calls IS NOT NULL), and miss the index.
CREATE INDEX refunds_due ON refunds ((CASE WHEN calls IS NULL THEN 0 ELSE 1 END), lease_until) WHERE status = 'pending';
CREATE INDEX refunds_pending ON refunds (created_at) WHERE status = 'pending' AND processing_since IS NULL;
CREATE INDEX refunds_review ON refunds (updated_at) WHERE status = 'review';
-- A refund of the provider is one of ours, or one of its console; never both.
CREATE UNIQUE INDEX refunds_by_reference ON refunds (provider_reference) WHERE provider_reference IS NOT NULL;
ALTER TABLE refunds ALTER COLUMN calls SET STATISTICS 0;

ALTER TABLE payments ADD COLUMN refunded_total numeric NOT NULL DEFAULT 0;

-- The constraint is validated by the next script, in a transaction that blocks no statement.
ALTER TABLE webhook_events DROP CONSTRAINT webhook_events_claim_check;
ALTER TABLE webhook_events ADD CONSTRAINT webhook_events_claim_check
    CHECK (claim IN ('nothing', 'processing', 'succeeded', 'declined', 'refunded', 'refundfailed', 'chargeback')) NOT VALID;
-- Of a refund or a dispute, whose id is the reference: the charge, and our refund that it is.
ALTER TABLE webhook_events ADD COLUMN charge text, ADD COLUMN refund_id uuid;
