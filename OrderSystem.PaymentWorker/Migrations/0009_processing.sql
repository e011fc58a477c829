-- The provider has accepted the charge, and its outcome comes later: lease_until is the next look-up. The constraint is validated by the
-- next script, in a transaction that blocks no statement.
ALTER TABLE payments DROP CONSTRAINT payments_status_check;
ALTER TABLE payments ADD CONSTRAINT payments_status_check
    CHECK (status IN (
        'charging', 'unknown', 'processing', 'succeeded', 'declined', 'review', 'cancelled', 'refunding', 'refunded')) NOT VALID;
ALTER TABLE payments ADD COLUMN processing_since timestamptz;
