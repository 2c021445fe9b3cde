DROP INDEX signing_keys_state;
ALTER TABLE signing_keys DROP COLUMN published_until;
