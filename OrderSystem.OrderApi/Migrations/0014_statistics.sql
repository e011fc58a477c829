-- No statement compares these columns; ANALYZE would sort the items as JSON.
ALTER TABLE orders ALTER COLUMN items SET STATISTICS 0, ALTER COLUMN total SET STATISTICS 0, ALTER COLUMN reason SET STATISTICS 0;
ALTER TABLE idempotency_keys ALTER COLUMN request_hash SET STATISTICS 0;
