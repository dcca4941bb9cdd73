DO $$ BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO credit_access', current_database()); END $$;
GRANT USAGE ON SCHEMA public TO credit_access;

-- What was asked under which Idempotency-Key. What was answered is kept where no event tells it; else status is null.
CREATE TABLE requests (
    principal text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    digest bytea NOT NULL,
    asked_at timestamptz NOT NULL,
    status int,
    headers text,
    body bytea,
    PRIMARY KEY (principal, key)
);
CREATE INDEX requests_asked_at ON requests (asked_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON requests TO credit_access;

-- Whoever is at a request holds this lock; the seed keeps these apart from locks of other uses.
CREATE FUNCTION request_lock(principal text, key text) RETURNS bigint
    LANGUAGE sql IMMUTABLE AS $$ SELECT hashtextextended(principal || E'\n' || key, 7532) $$;

-- One turn of a process: it lets go of the requests that are over, and gets hold of those that were asked for.
-- A row for each of these, in their order: whether it got hold of it, and what is known of it by then. Each statement
-- sees what was committed before it: whoever held a request before has written what there is to read.
CREATE FUNCTION requests_turn(
    over_principals text[], over_keys text[], principals text[], keys text[], digests bytea[], instants timestamptz[]
) RETURNS TABLE (held boolean, digest bytea, asked_at timestamptz, status int, headers text, body bytea)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    got boolean[];
BEGIN
    PERFORM pg_advisory_unlock(request_lock(p, k)) FROM unnest(over_principals, over_keys) AS over (p, k);
    got := ARRAY(
        SELECT pg_try_advisory_lock(request_lock(p, k))
        FROM unnest(principals, keys) WITH ORDINALITY AS asked (p, k, place) ORDER BY place
    );
    INSERT INTO requests (principal, key, digest, asked_at)
        SELECT p, k, d, a FROM unnest(principals, keys, digests, instants, got) AS asked (p, k, d, a, g) WHERE g
        ON CONFLICT DO NOTHING;
    RETURN QUERY
        SELECT g, kept.digest, kept.asked_at, kept.status, kept.headers, kept.body
        FROM unnest(principals, keys, got) WITH ORDINALITY AS asked (p, k, g, place)
        LEFT JOIN requests AS kept ON kept.principal = p AND kept.key = k ORDER BY place;
END $$;
GRANT EXECUTE ON FUNCTION request_lock, requests_turn TO credit_access;

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
