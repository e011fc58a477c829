-- When the outcome of a payment was last sent again to somebody who had not heard of it.
ALTER TABLE payments ADD COLUMN offered_at timestamptz;
