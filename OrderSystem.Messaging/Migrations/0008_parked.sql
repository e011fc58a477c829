-- What is parked is counted every ten seconds, and is next to nothing of a long queue.
CREATE INDEX outbox_parked ON outbox (parked_at) WHERE parked_at IS NOT NULL;
