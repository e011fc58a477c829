-- Who sent which event again, and what was asked for. The same event may be there many times.
CREATE TABLE redrives (
    id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id uuid        NOT NULL,
    event_id uuid        NOT NULL,
    type     text        NOT NULL,
    asked    text        NOT NULL,
    by       text        NOT NULL,
    at       timestamptz NOT NULL DEFAULT now(),
    trace_id text
);
CREATE INDEX redrives_by_order ON redrives (order_id);

CREATE FUNCTION refuse_change_of_redrives() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'redrives is append-only';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON redrives FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_redrives();

-- The ledger grows with time and is never changed: a block range index costs next to nothing and finds what is young.
CREATE INDEX events_by_time ON events USING brin (occurred_at) WITH (autosummarize = on);
