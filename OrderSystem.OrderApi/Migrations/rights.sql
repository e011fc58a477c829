-- What was ordered, by whom and for how much, is never changed.
GRANT SELECT, INSERT, UPDATE (
    status, reason, updated_at, offered_at, offer_after, refund, refund_since, refunded_total, refund_pending, refund_requests)
    ON orders TO {role};
GRANT SELECT, INSERT, UPDATE (status, amount, provider_reference, failure, updated_at) ON refunds TO {role};
GRANT SELECT, INSERT, UPDATE (created_at), DELETE ON idempotency_keys TO {role};
GRANT SELECT, INSERT ON dead_letter_actions TO {role};
GRANT SELECT, INSERT, DELETE ON payment_methods TO {role};
