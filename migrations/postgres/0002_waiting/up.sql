-- When a directory last gave a person who was there another externalId: a sign-in by it waits.
ALTER TABLE users ADD COLUMN external_id_changed_at bigint;

-- Who waits for a directory, for the sweep.
CREATE INDEX users_provisional_since ON users (provisional_since)
    WHERE provisional_since IS NOT NULL AND suspended_by_expiry_at IS NULL;
