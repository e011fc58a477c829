-- A cancellation can come before the order itself: then the row holds the place, so that the order is never charged.
ALTER TABLE payments ALTER COLUMN amount DROP NOT NULL, ALTER COLUMN currency DROP NOT NULL, ALTER COLUMN provider_key DROP NOT NULL;
ALTER TABLE payments DROP CONSTRAINT payments_status_check;
ALTER TABLE payments ADD CONSTRAINT payments_status_check
    CHECK (status IN ('charging', 'unknown', 'succeeded', 'declined', 'review', 'cancelled', 'refunding', 'refunded'));

ALTER TABLE payments
    -- Events that this payment has told so far; the next one has the number after it.
    ADD COLUMN events           int NOT NULL DEFAULT 0,
    ADD COLUMN cancelled_at     timestamptz,
    -- Like provider_key: written before the first call and never changed.
    ADD COLUMN refund_key       uuid,
    ADD COLUMN refund_reference text,
    ADD COLUMN first_attempt_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN traceparent      text;
UPDATE payments SET events = 1 WHERE status IN ('succeeded', 'declined');

DROP INDEX payments_open;
CREATE INDEX payments_open ON payments (lease_until) WHERE status IN ('charging', 'unknown', 'refunding');
CREATE INDEX payments_review ON payments (updated_at) WHERE status = 'review';
