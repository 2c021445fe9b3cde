DROP INDEX users_provisional_since;
ALTER TABLE users DROP COLUMN external_id_changed_at;
