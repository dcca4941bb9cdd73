"""The event store: one append-only log of all accounts in PostgreSQL, behind the eventsourcing library's recorder."""
