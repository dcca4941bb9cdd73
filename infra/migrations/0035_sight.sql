-- How far everything is, for whoever watches: the reader may see positions and instants, and nothing of any event.
CREATE VIEW event_instants AS
    SELECT position, recorded_at, starts_with(topic, 'customer.') AS of_customer FROM stored_events;
GRANT SELECT ON event_instants, store_head, relay_positions TO credit_reader;

-- How each run of a day went; an unfinished one has no end. What a run does rests on the store alone, not on this.
CREATE TABLE day_runs (
    run text PRIMARY KEY,
    day date NOT NULL,
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    advanced bigint,
    failed bigint,
    still_due bigint,
    differences integer
);
CREATE INDEX day_runs_begun_at ON day_runs (begun_at);
GRANT SELECT, INSERT, UPDATE ON day_runs TO credit_writer;
GRANT SELECT ON day_runs TO credit_reader;
