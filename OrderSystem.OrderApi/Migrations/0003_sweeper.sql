-- When the events of an order were last sent again because nothing had come of them.
ALTER TABLE orders ADD COLUMN offered_at timestamptz;
