-- A retired key is published until the last token that it signed has expired, and forgotten then.
ALTER TABLE signing_keys ADD COLUMN published_until bigint CHECK ((published_until IS NULL) = (state <> 'retired'));
CREATE UNIQUE INDEX signing_keys_state ON signing_keys (alg, state) WHERE state <> 'retired';
