DO $$ BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO credit_access', current_database()); END $$;
GRANT USAGE ON SCHEMA public TO credit_access;

-- API keys. Of a secret only its SHA-256 is kept; a key is revoked, never deleted, for the journal speaks of it.
CREATE TABLE access_keys (
    key_id text COLLATE "C" PRIMARY KEY,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('service', 'operator', 'officer', 'auditor', 'customer')),
    scopes text[],  -- null: every scope
    customer_id text CHECK (customer_id IS NULL OR role IN ('customer', 'service')),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    CHECK (role <> 'customer' OR customer_id IS NOT NULL)
);
GRANT SELECT, INSERT, UPDATE (revoked_at) ON access_keys TO credit_access;

-- Who was refused what, and who looked at whom. Whoever writes it cannot change it.
-- What was the same in every column within a moment is one row, with how many times it was asked.
CREATE TABLE access_journal (
    entry bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    principal text,
    role text,
    key_id text,
    address text NOT NULL,
    method text NOT NULL,
    route text NOT NULL,
    account_id text,
    customer_id text,
    outcome text NOT NULL,
    times int NOT NULL CHECK (times > 0)
);
CREATE INDEX access_journal_at ON access_journal (at);
CREATE INDEX access_journal_account ON access_journal (account_id, at) WHERE account_id IS NOT NULL;
CREATE INDEX access_journal_customer ON access_journal (customer_id, at) WHERE customer_id IS NOT NULL;
GRANT SELECT, INSERT ON access_journal TO credit_access;
