"""A real PostgreSQL and a real Kafka on this machine, for when none are given."""
