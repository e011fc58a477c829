-- Payments whose time has come are taken up by two kinds, those that the provider was never asked for and the others: of either, the first that are due are found
-- however many of the other wait.
CREATE INDEX payments_due ON payments (
    (CASE status WHEN 'refunding' THEN refund_attempts > 0 ELSE calls IS NOT NULL END), lease_until)
    WHERE status IN ('charging', 'unknown', 'refunding');
DROP INDEX payments_open;

-- Charges that are not yet given back, the oldest cancellation first.
CREATE INDEX payments_unrefunded ON payments (cancelled_at) WHERE status IN ('refunding', 'review') AND cancelled_at IS NOT NULL;
