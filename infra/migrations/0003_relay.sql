-- How far each log of this store has been told to Kafka.
CREATE TABLE relay_positions (
    log text PRIMARY KEY,
    position bigint NOT NULL CHECK (position >= 0)
);
GRANT SELECT, INSERT, UPDATE ON relay_positions TO credit_relay;
