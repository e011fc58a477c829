-- From when on the sweeper counts how long an order has waited: since it changed, or later. A cancelled order that has been offered for a week has 'infinity'.
ALTER TABLE orders ADD COLUMN offer_after timestamptz;

-- The sweeper reads what is due, however many orders were cancelled before and however many have been offered.
CREATE INDEX orders_to_offer ON orders (status, greatest(offer_after, updated_at)) WHERE status IN ('pending', 'cancelled');
