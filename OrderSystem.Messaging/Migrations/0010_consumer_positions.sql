-- Up to where this service has acknowledged its stream, and what tells whether the stream still has these messages. A consumer that is recreated
-- continues there; a restore of the database takes inbox and position back together. One row, written every ten seconds.
CREATE TABLE consumer_positions (
    consumer         text        NOT NULL PRIMARY KEY,
    stream_created   timestamptz NOT NULL,
    consumer_created timestamptz NOT NULL,
    ack_floor        bigint      NOT NULL,
    last_seq         bigint      NOT NULL,
    last_time        timestamptz NOT NULL,
    -- When its stream was last found to have lost messages.
    lost_at          timestamptz
);
