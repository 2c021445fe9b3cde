DROP INDEX refresh_families_app_id;
ALTER TABLE apps DROP COLUMN former_secret_until;
ALTER TABLE apps DROP COLUMN former_secret_hash;
ALTER TABLE apps DROP COLUMN revoked_at;
