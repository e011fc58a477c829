-- This database cannot know that the provider was never asked: the row was made by an event that had been sent before, or that is too old.
-- It may have lost what it knew to a restore, so the provider is asked for the order's charge before it is asked for a new one.
ALTER TABLE payments
    ADD COLUMN in_doubt boolean NOT NULL DEFAULT false,
    -- When the provider first said that it has no charge of the cancelled order. A call may still have been on its way then.
    ADD COLUMN none_at  timestamptz;
