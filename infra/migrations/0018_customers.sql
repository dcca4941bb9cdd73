-- Events of customers stand in the same log; whoever counts those of accounts counts these, which are few.
CREATE INDEX stored_events_of_customers ON stored_events (position) WHERE starts_with(topic, 'customer.');
