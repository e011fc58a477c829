-- No statement compares these columns; ANALYZE would sort the calls as JSON.
ALTER TABLE payments
    ALTER COLUMN calls SET STATISTICS 0, ALTER COLUMN provider_key SET STATISTICS 0, ALTER COLUMN refund_key SET STATISTICS 0,
    ALTER COLUMN provider_reference SET STATISTICS 0, ALTER COLUMN refund_reference SET STATISTICS 0,
    ALTER COLUMN reason SET STATISTICS 0, ALTER COLUMN traceparent SET STATISTICS 0, ALTER COLUMN amount SET STATISTICS 0;
