-- What operators did to payments and to this service, who they were and why. Rows are only ever added.
CREATE TABLE operator_actions (
    id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Null for what is about the service itself.
    order_id uuid,
    action   text        NOT NULL CHECK (action IN ('requery', 'resolve', 'pause', 'resume')),
    by       text        NOT NULL,
    at       timestamptz NOT NULL DEFAULT now(),
    detail   text        NOT NULL,
    trace_id text
);
CREATE INDEX operator_actions_by_order ON operator_actions (order_id) WHERE order_id IS NOT NULL;

CREATE FUNCTION refuse_change_of_operator_actions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'operator_actions is append-only';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON operator_actions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_operator_actions();

-- Operators ask by the payment's id, too. It is time-ordered like the rows: a block range index costs next to nothing.
CREATE INDEX payments_by_id ON payments USING brin (id) WITH (autosummarize = on);
