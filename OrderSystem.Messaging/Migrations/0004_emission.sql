-- An event that is sent again on purpose gets a new message id: within its duplicate window the stream would swallow the old one.
ALTER TABLE outbox ADD COLUMN emission int NOT NULL DEFAULT 0;
