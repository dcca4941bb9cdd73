-- The event store: one log, appended to by one function, never changed.

DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO credit_writer, credit_relay, credit_views, credit_reader',
                   current_database());
END $$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO credit_writer, credit_relay, credit_views, credit_reader;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- The last position that was given out. One row: whoever appends holds it until the commit, so positions have no
-- gaps and stand in the order of the commits; a rollback gives its positions back.
CREATE TABLE store_head (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    last bigint NOT NULL DEFAULT 0 CHECK (last >= 0)
);
INSERT INTO store_head DEFAULT VALUES;

-- The first five columns carry the names of the eventsourcing library, whose recorder reads them.
CREATE TABLE stored_events (
    originator_id uuid NOT NULL,
    originator_version bigint NOT NULL CHECK (originator_version > 0),
    topic text COLLATE "C" NOT NULL,
    state bytea NOT NULL,
    position bigint NOT NULL UNIQUE,
    type_version int NOT NULL,
    recorded_at timestamptz NOT NULL,
    command_id text COLLATE "C" NOT NULL,
    command_index int NOT NULL,
    command_hash bytea NOT NULL CHECK (octet_length(command_hash) = 32),
    correlation_id text NOT NULL,
    causation_id text NOT NULL,
    traceparent text NOT NULL,
    actor text NOT NULL,
    chain_hash bytea NOT NULL CHECK (octet_length(chain_hash) = 32),
    PRIMARY KEY (originator_id, originator_version),
    UNIQUE (originator_id, command_id, command_index)
);

-- Appends the events in the order of the arrays and returns the position of the last one. An account's events must
-- follow its stored ones without a hole; that two writers cannot both do that is what the primary key sees to.
-- No plan may be kept that was made while the table was small, hence no sequential scans.
CREATE FUNCTION append_events(
    ids uuid[], versions bigint[], topics text[], states bytea[], type_versions int[], instants timestamptz[],
    command_ids text[], command_indexes int[], command_hashes bytea[], correlation_ids text[], causation_ids text[],
    traceparents text[], actors text[], chain_hashes bytea[]
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    amount CONSTANT bigint := cardinality(ids);
    new_last bigint;
    hole uuid;
BEGIN
    SELECT id INTO hole
    FROM (SELECT id, min(version) AS lowest, max(version) AS highest, count(*) AS number
          FROM unnest(ids, versions) AS given (id, version) GROUP BY id) AS account
    WHERE highest - lowest + 1 <> number
       OR (lowest > 1 AND (SELECT originator_version FROM public.stored_events
                           WHERE originator_id = id AND originator_version = lowest - 1) IS NULL)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the events of account % do not follow its stored ones', hole USING ERRCODE = 'CR001';
    END IF;

    UPDATE public.store_head SET last = last + amount WHERE only_row RETURNING last INTO STRICT new_last;

    INSERT INTO public.stored_events (
        originator_id, originator_version, topic, state, type_version, recorded_at, command_id, command_index,
        command_hash, correlation_id, causation_id, traceparent, actor, chain_hash, position)
    SELECT e.*
    FROM (SELECT given.id, version, topic, state, type_version, instant, command_id, command_index, command_hash,
                 correlation_id, causation_id, traceparent, actor, chain_hash, new_last - amount + ordinal
          FROM unnest(ids, versions, topics, states, type_versions, instants, command_ids, command_indexes,
                      command_hashes, correlation_ids, causation_ids, traceparents, actors, chain_hashes)
               WITH ORDINALITY
               AS given (id, version, topic, state, type_version, instant, command_id, command_index, command_hash,
                         correlation_id, causation_id, traceparent, actor, chain_hash, ordinal)) AS e;

    PERFORM pg_notify('stored_events', '');  -- wakes readers up; what they rely on is polling
    RETURN new_last;
END $$;

-- The writer may append and read, and nothing else; the relay and the auditors may read.
REVOKE ALL ON FUNCTION append_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append_events TO credit_writer;
GRANT SELECT ON stored_events, store_head TO credit_writer, credit_relay;
