-- How often a message that came again has been begun. Kept here, because a consumer that is made again counts from one.
CREATE TABLE deliveries (
    consumer   text        NOT NULL,
    event_id   uuid        NOT NULL,
    count      int         NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, event_id)
);
