-- online
-- A refund at the provider's console, and a dispute, name the charge and no order.
CREATE INDEX CONCURRENTLY IF NOT EXISTS payments_by_reference ON payments (provider_reference) WHERE provider_reference IS NOT NULL;
