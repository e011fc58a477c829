-- Who replayed or discarded which dead letter, and what came of it. It says enough of the letter to be read after that is gone.
CREATE TABLE dead_letter_actions (
    id                   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dead_letter_sequence bigint      NOT NULL,
    event_id             uuid,
    order_id             uuid,
    consumer             text        NOT NULL,
    reason               text        NOT NULL,
    dead_since           timestamptz NOT NULL,
    action               text        NOT NULL CHECK (action IN ('replay', 'discard')),
    by                   text        NOT NULL,
    at                   timestamptz NOT NULL,
    result               text        NOT NULL,
    trace_id             text
);
CREATE INDEX dead_letter_actions_by_order ON dead_letter_actions (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX dead_letter_actions_by_letter ON dead_letter_actions (dead_letter_sequence);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', tg_table_name;
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON dead_letter_actions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
