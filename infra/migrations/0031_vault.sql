-- Who people are, apart from what they owe: ciphertexts alone, each person's under a key of their own.

DO $$ BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO credit_vault', current_database()); END $$;
GRANT USAGE ON SCHEMA public TO credit_vault;

-- By which master key people's keys are sealed from now on; the key itself is never in here.
CREATE TABLE vault_master (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    master_id text NOT NULL
);

-- A person's key, sealed by a master key. Without it they are erased, and it stays known that they were.
CREATE TABLE vault_keys (
    customer_id text COLLATE "C" PRIMARY KEY,
    sealed_key bytea,
    master_id text,
    made_at timestamptz NOT NULL DEFAULT now(),
    erased_at timestamptz,
    erased_by text,
    CHECK ((sealed_key IS NULL) = (master_id IS NULL)),
    CHECK ((sealed_key IS NULL) = (erased_at IS NOT NULL)),
    CHECK ((erased_at IS NULL) = (erased_by IS NULL))
);

CREATE TABLE vault_data (
    customer_id text COLLATE "C" NOT NULL REFERENCES vault_keys,
    field text COLLATE "C" NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (customer_id, field)
);

CREATE FUNCTION vault_stays_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'customer % was erased', OLD.customer_id USING ERRCODE = 'CR002';
END $$;
CREATE TRIGGER vault_stays_erased BEFORE UPDATE ON vault_keys
    FOR EACH ROW WHEN (OLD.erased_at IS NOT NULL) EXECUTE FUNCTION vault_stays_erased();

GRANT SELECT, INSERT, UPDATE ON vault_master, vault_keys TO credit_vault;
GRANT SELECT, INSERT, DELETE ON vault_data TO credit_vault;
