-- Since when an app is revoked, for good. And the secret that it had before its present one, which is taken
-- for a while after a rotation. And since when the app proves itself by its present keys.
ALTER TABLE apps ADD COLUMN revoked_at bigint;
ALTER TABLE apps ADD COLUMN former_secret_hash bytea;
ALTER TABLE apps ADD COLUMN former_secret_until bigint;
ALTER TABLE apps ADD COLUMN keys_since bigint;
CREATE INDEX refresh_families_app_id ON refresh_families (app_id);
