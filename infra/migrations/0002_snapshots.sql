-- The latest snapshot of an account: a cache beside the log, never the truth.
CREATE TABLE snapshots (
    account_id uuid PRIMARY KEY,
    version bigint NOT NULL CHECK (version > 0),
    chain_hash bytea NOT NULL CHECK (octet_length(chain_hash) = 32),
    state bytea NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON snapshots TO credit_writer;
