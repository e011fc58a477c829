-- The payment method of an order: an opaque token of the provider, only until the order is final. Apart from the orders, whose rows are read by many.
CREATE TABLE payment_methods (
    order_id   uuid        NOT NULL PRIMARY KEY,
    token      text        NOT NULL,
    created_at timestamptz NOT NULL
);
-- ANALYZE would copy tokens into its statistics.
ALTER TABLE payment_methods ALTER COLUMN token SET STATISTICS 0;
