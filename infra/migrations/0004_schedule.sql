-- When each account next needs the calendar: read from the log by position, a cache beside it and never the truth.
-- Emptied, with the position at 0, it is read anew by the next day run.
CREATE TABLE account_schedule (
    account_id uuid PRIMARY KEY,
    zone text NOT NULL,
    next_event_on date,
    -- The version that said so: what is due again after it was advanced is another request.
    since_version bigint NOT NULL CHECK (since_version > 0)
);
CREATE INDEX account_schedule_next_event_on ON account_schedule (next_event_on) WHERE next_event_on IS NOT NULL;

-- How far the log has been read. One row; whoever reads on holds it.
CREATE TABLE account_schedule_position (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    position bigint NOT NULL DEFAULT 0 CHECK (position >= 0)
);
INSERT INTO account_schedule_position DEFAULT VALUES;

GRANT SELECT, INSERT, UPDATE ON account_schedule TO credit_writer;
GRANT SELECT, UPDATE ON account_schedule_position TO credit_writer;

-- Control totals of a day read what the day recorded, and nothing else; other commands are not in this index.
CREATE INDEX stored_events_of_day_runs ON stored_events (command_id) WHERE starts_with(command_id, 'day-run:');
