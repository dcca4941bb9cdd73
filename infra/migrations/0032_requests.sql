DO $$ BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO credit_access', current_database()); END $$;
GRANT USAGE ON SCHEMA public TO credit_access;
-- What was asked under which Idempotency-Key, and what was answered; status is null until it was.
CREATE TABLE requests (
    principal text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    digest bytea NOT NULL,
    asked_at timestamptz NOT NULL,
    status smallint,
    headers jsonb,
    body bytea,
    PRIMARY KEY (principal, key)
);
CREATE INDEX requests_asked_at ON requests (asked_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON requests TO credit_access;

-- What needs two people: who asked for what, and what the second one said.
CREATE TABLE approvals (
    approval_id text COLLATE "C" PRIMARY KEY,
    operation text NOT NULL,
    account_id uuid NOT NULL,
    command text NOT NULL,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    status text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'approved', 'rejected')),
    decided_by text,
    decided_at timestamptz,
    CHECK ((status = 'waiting') = (decided_by IS NULL) AND (status = 'waiting') = (decided_at IS NULL))
);
CREATE INDEX approvals_waiting ON approvals (approval_id) WHERE status = 'waiting';
GRANT SELECT, INSERT, UPDATE ON approvals TO credit_access;
