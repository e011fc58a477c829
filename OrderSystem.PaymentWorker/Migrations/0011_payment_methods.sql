-- Whether the order came with a payment method of its own, and that method: an opaque token of the provider, only until the payment has an outcome.
ALTER TABLE payments
    ADD COLUMN has_payment_method boolean NOT NULL DEFAULT false,
    ADD COLUMN payment_method     text;
-- ANALYZE would copy tokens into its statistics.
ALTER TABLE payments ALTER COLUMN payment_method SET STATISTICS 0;
