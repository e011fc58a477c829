-- What every service may do with the rows of its own database. Applied after the numbered scripts by each migration that is given a runtime role.
-- FOR UPDATE needs the right to update some column.
GRANT SELECT ON schema_migrations TO {role};
GRANT SELECT, INSERT ON events TO {role};
GRANT SELECT, INSERT, UPDATE (available_at, attempts, last_error, parked_at), DELETE ON outbox TO {role};
GRANT SELECT, INSERT, UPDATE (received_at), DELETE ON inbox TO {role};
GRANT SELECT, INSERT, UPDATE (count, updated_at), DELETE ON deliveries TO {role};
GRANT SELECT, INSERT ON redrives TO {role};
GRANT SELECT, INSERT, UPDATE (stream_created, consumer_created, ack_floor, last_seq, last_time, lost_at) ON consumer_positions TO {role};
