-- Where in its stream the event was, and which delivery took effect. Null for what was received before these were kept.
ALTER TABLE inbox ADD COLUMN stream_seq bigint, ADD COLUMN delivery int;
