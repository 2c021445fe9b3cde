-- OAuth clients of a connection: SCIM clients that ask /oauth/token for access tokens. One that
-- proves itself by a secret has its hash, one that signs has its keys or where they are. The id is
-- the client id, and so the one thing that tells the organization. What hangs on a connection
-- goes with it.
CREATE TABLE oauth_clients (
    org_id uuid NOT NULL,
    id uuid NOT NULL UNIQUE,
    connection_id uuid NOT NULL,
    auth_method text COLLATE "C" NOT NULL CHECK (auth_method IN ('client_secret', 'client_secret_basic', 'client_secret_post', 'private_key_jwt')),
    secret_hash bytea,
    last4 text COLLATE "C",
    jwks jsonb,
    jwks_url text COLLATE "C",
    scopes text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint,
    revoked_at bigint,
    last_used_at bigint,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id) ON DELETE CASCADE,
    CHECK ((auth_method = 'private_key_jwt') = (secret_hash IS NULL)),
    CHECK ((jwks IS NULL) <> (jwks_url IS NULL) OR auth_method <> 'private_key_jwt')
);
CREATE INDEX oauth_clients_connection ON oauth_clients (org_id, connection_id);

-- Their access tokens, as hashes: good while they last and their client is.
CREATE TABLE oauth_access_tokens (
    org_id uuid NOT NULL,
    hash bytea NOT NULL PRIMARY KEY,
    client_id uuid NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    FOREIGN KEY (org_id, client_id) REFERENCES oauth_clients (org_id, id) ON DELETE CASCADE
);
CREATE INDEX oauth_access_tokens_client ON oauth_access_tokens (org_id, client_id, created_at);
CREATE INDEX oauth_access_tokens_expires_at ON oauth_access_tokens (expires_at);

-- Assertions that were used, by the hash of their jti, until nobody would take them any more.
CREATE TABLE oauth_assertions (
    org_id uuid NOT NULL,
    client_id uuid NOT NULL,
    jti bytea NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (org_id, client_id, jti),
    FOREIGN KEY (org_id, client_id) REFERENCES oauth_clients (org_id, id) ON DELETE CASCADE
);
CREATE INDEX oauth_assertions_expires_at ON oauth_assertions (expires_at);
