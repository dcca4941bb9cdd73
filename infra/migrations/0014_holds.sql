-- Limit that is reserved for purchases not posted yet.
ALTER TABLE balance_g1 ADD COLUMN held_fen bigint NOT NULL DEFAULT 0 CHECK (held_fen >= 0);
