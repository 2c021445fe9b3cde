-- Since when people could come in by a connection, whatever it is now; and whether an organization's key made it
-- and the operator has not let it go live yet.
ALTER TABLE connections ADD COLUMN went_live_at INTEGER;
ALTER TABLE connections ADD COLUMN awaits_operator INTEGER NOT NULL DEFAULT false;
