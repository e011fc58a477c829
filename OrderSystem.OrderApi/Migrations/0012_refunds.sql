-- How far the money of a cancelled order has come back, as the payment's events tell it. Null: there is nothing to give back, so far as is known.
ALTER TABLE orders
    ADD COLUMN refund       text CHECK (refund IN ('pending', 'refunded', 'review')),
    ADD COLUMN refund_since timestamptz;
