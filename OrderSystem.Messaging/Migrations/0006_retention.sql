-- What is purged by age is found by age.
CREATE INDEX inbox_by_age ON inbox (received_at);
CREATE INDEX deliveries_by_age ON deliveries (updated_at);
