-- The read models. Every table belongs to a numbered generation of its view; `view_generations` says which one is
-- read. A rebuild fills the tables of another generation (LIKE ... INCLUDING ALL) and then switches in one statement.

CREATE TABLE view_generations (
    view text NOT NULL CHECK (view IN ('balance', 'credit_report', 'audit')),
    generation integer NOT NULL CHECK (generation >= 1),
    state text NOT NULL CHECK (state IN ('building', 'serving', 'retired')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (view, generation)
);
CREATE UNIQUE INDEX view_generations_one_serving ON view_generations (view) WHERE state = 'serving';

-- How far each generation has read each partition, moved by compare-and-set in the transaction that writes the rows.
-- `events_applied` counts events that were really folded: redelivered ones are not.
CREATE TABLE view_positions (
    view text NOT NULL,
    generation integer NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL CHECK (partition >= 0),
    next_offset bigint NOT NULL CHECK (next_offset >= 0),
    events_applied bigint NOT NULL DEFAULT 0 CHECK (events_applied >= 0),
    moved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (view, generation, topic, partition),
    FOREIGN KEY (view, generation) REFERENCES view_generations
);

-- Rows are updated with nearly every event of their account: free room on each page keeps the update on it.
CREATE TABLE balance_g1 (
    account_id uuid PRIMARY KEY,
    version bigint NOT NULL CHECK (version >= 1),
    customer_id text NOT NULL,
    product text NOT NULL,
    currency text NOT NULL,
    zone text NOT NULL,
    terms_version text NOT NULL,
    grace_days integer NOT NULL,
    tolerance_fen bigint NOT NULL,
    opened_on date NOT NULL,
    business_date date NOT NULL,
    activated_on date,
    closed_on date,
    close_kind text,
    limit_fen bigint NOT NULL CHECK (limit_fen >= 0),
    principal_billed bigint NOT NULL CHECK (principal_billed >= 0),
    principal_unbilled bigint NOT NULL CHECK (principal_unbilled >= 0),
    principal_planned bigint NOT NULL CHECK (principal_planned >= 0),
    principal_disputed bigint NOT NULL CHECK (principal_disputed >= 0),
    interest_billed bigint NOT NULL CHECK (interest_billed >= 0),
    interest_unbilled bigint NOT NULL CHECK (interest_unbilled >= 0),
    interest_planned bigint NOT NULL CHECK (interest_planned >= 0),
    fees_billed bigint NOT NULL CHECK (fees_billed >= 0),
    fees_unbilled bigint NOT NULL CHECK (fees_unbilled >= 0),
    fees_planned bigint NOT NULL CHECK (fees_planned >= 0),
    credit bigint NOT NULL CHECK (credit >= 0),
    minimum_due_fen bigint NOT NULL CHECK (minimum_due_fen >= 0),
    unpaid_minima jsonb NOT NULL,
    statement_no integer,
    statement_on date,
    statement_balance_fen bigint,
    statement_minimum_fen bigint,
    statement_due_date date,
    last_payment_on date,
    last_payment_fen bigint,
    access text NOT NULL,
    standing text NOT NULL,
    status text NOT NULL,
    freeze_reasons text[] NOT NULL,
    next_event_on date
) WITH (fillfactor = 70);
CREATE INDEX balance_g1_next_event_on ON balance_g1 (next_event_on) WHERE next_event_on IS NOT NULL;
CREATE INDEX balance_g1_customer_id ON balance_g1 (customer_id);

CREATE TABLE credit_report_g1 (
    account_id uuid PRIMARY KEY,
    version bigint NOT NULL CHECK (version >= 1),
    product text NOT NULL,
    currency text NOT NULL,
    zone text NOT NULL,
    grace_days integer NOT NULL,
    tolerance_fen bigint NOT NULL,
    opened_on date NOT NULL,
    business_date date NOT NULL,
    activated_on date,
    frozen_since date,
    freeze_reasons text[] NOT NULL,
    closed_on date,
    close_kind text,
    settled_on date,
    access text NOT NULL,
    standing text NOT NULL,
    status text NOT NULL,
    limit_fen bigint NOT NULL CHECK (limit_fen >= 0),
    owed_fen bigint NOT NULL CHECK (owed_fen >= 0),
    unpaid_minima jsonb NOT NULL,
    due_dates date[] NOT NULL,
    missed_on date,
    last_payment_on date,
    last_payment_fen bigint,
    worst text NOT NULL,
    open_month date
) WITH (fillfactor = 70);

CREATE TABLE credit_report_months_g1 (
    account_id uuid NOT NULL,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    code text NOT NULL CHECK (code IN ('*', 'N', 'M', '1', '2', '3', '4', '5', '6', '7', 'C')),
    worst text NOT NULL,
    days_past_due integer NOT NULL CHECK (days_past_due >= 0),
    past_due_fen bigint NOT NULL CHECK (past_due_fen >= 0),
    missed_minima integer NOT NULL CHECK (missed_minima >= 0),
    balance_fen bigint NOT NULL CHECK (balance_fen >= 0),
    PRIMARY KEY (account_id, month)
);

CREATE TABLE audit_g1 (
    account_id uuid PRIMARY KEY,
    version bigint NOT NULL CHECK (version >= 1),
    chain_hash bytea NOT NULL,
    opened_on date NOT NULL,
    business_date date NOT NULL
) WITH (fillfactor = 70);

-- The events as they were stored: `data` are the very bytes that the chain hashes.
CREATE TABLE audit_events_g1 (
    account_id uuid NOT NULL,
    version bigint NOT NULL CHECK (version >= 1),
    position bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    business_date date NOT NULL,
    command_id text NOT NULL,
    command_index integer NOT NULL,
    command_hash bytea NOT NULL,
    correlation_id text NOT NULL,
    causation_id text NOT NULL,
    traceparent text NOT NULL,
    actor text NOT NULL,
    type text NOT NULL,
    type_version integer NOT NULL,
    data bytea NOT NULL,
    chain_hash bytea NOT NULL,
    PRIMARY KEY (account_id, version)
);

INSERT INTO view_generations (view, generation, state)
VALUES ('balance', 1, 'serving'), ('credit_report', 1, 'serving'), ('audit', 1, 'serving');

GRANT SELECT ON view_generations, view_positions, balance_g1, credit_report_g1, credit_report_months_g1, audit_g1,
    audit_events_g1 TO credit_views, credit_reader;
GRANT INSERT, UPDATE ON view_positions, balance_g1, credit_report_g1, audit_g1 TO credit_views;
-- Closed months and audited events are written once and never changed.
GRANT INSERT ON credit_report_months_g1, audit_events_g1 TO credit_views;
-- A batch of rows is copied into a temporary table and merged from there.
DO $$
BEGIN
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO credit_views', current_database());
END $$;
