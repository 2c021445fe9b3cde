-- An app proves itself by a secret, or by a key of its own: then its keys are kept, or where they
-- are, and the hash of its secret is empty, which no secret has.
ALTER TABLE apps ADD COLUMN auth_method text COLLATE "C" NOT NULL DEFAULT 'client_secret' CHECK (auth_method IN ('client_secret', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'));
ALTER TABLE apps ADD COLUMN jwks jsonb;
ALTER TABLE apps ADD COLUMN jwks_url text COLLATE "C" CHECK (((jwks IS NULL) <> (jwks_url IS NULL)) = (auth_method = 'private_key_jwt'));

-- Assertions that apps used, by the hash of their jti, until nobody would take them any more.
CREATE TABLE app_assertions (
    app_id uuid NOT NULL REFERENCES apps (id),
    jti bytea NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (app_id, jti)
);
CREATE INDEX app_assertions_expires_at ON app_assertions (expires_at);
