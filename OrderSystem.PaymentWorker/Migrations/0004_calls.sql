-- Each call to the provider with its time, outcome and reference, written by the statement that writes what came of it.
ALTER TABLE payments
    ADD COLUMN calls           jsonb,
    -- Counted by itself: the wait of a refund has nothing to do with how often its charge was tried.
    ADD COLUMN refund_attempts int NOT NULL DEFAULT 0;
