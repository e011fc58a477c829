-- Comparisons of the provider's settlement reports with the payments. Rows are only ever added.
CREATE TABLE reconciliations (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL DEFAULT now(),
    by          text        NOT NULL,
    provider    text        NOT NULL,
    -- The times of the first and the last row of the report.
    period_from timestamptz NOT NULL,
    period_to   timestamptz NOT NULL,
    charges     bigint      NOT NULL,
    refunds     bigint      NOT NULL,
    ignored     bigint      NOT NULL,
    -- Sums by currency, and numbers by kind.
    fees        jsonb       NOT NULL,
    findings    jsonb       NOT NULL
);

CREATE TABLE reconciliation_findings (
    reconciliation_id bigint NOT NULL REFERENCES reconciliations,
    number            bigint NOT NULL,
    kind              text   NOT NULL CHECK (kind IN ('missingHere', 'missingThere', 'otherAmount', 'otherCurrency', 'duplicate')),
    subject           text   NOT NULL CHECK (subject IN ('charge', 'refund')),
    reference         text   NOT NULL,
    order_id          uuid,
    report_row        bigint,
    here_amount       numeric,
    here_currency     text,
    there_amount      numeric,
    there_currency    text,
    detail            text,
    PRIMARY KEY (reconciliation_id, number)
);
