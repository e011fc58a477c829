-- No statement compares these columns: statistics on them would only make ANALYZE read and sort bodies, again and again while a table grows.
ALTER TABLE events
    ALTER COLUMN event_id SET STATISTICS 0, ALTER COLUMN payload SET STATISTICS 0,
    ALTER COLUMN traceparent SET STATISTICS 0, ALTER COLUMN tracestate SET STATISTICS 0;
