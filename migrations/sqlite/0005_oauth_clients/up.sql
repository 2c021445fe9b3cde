-- OAuth clients of a connection: SCIM clients that ask /oauth/token for access tokens. One that
-- proves itself by a secret has its hash, one that signs has its keys or where they are. The id is
-- the client id, and so the one thing that tells the organization. What hangs on a connection
-- goes with it.
CREATE TABLE oauth_clients (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL UNIQUE,
    connection_id BLOB NOT NULL,
    auth_method TEXT NOT NULL CHECK (auth_method IN ('client_secret', 'client_secret_basic', 'client_secret_post', 'private_key_jwt')),
    secret_hash BLOB,
    last4 TEXT,
    jwks TEXT,
    jwks_url TEXT,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    last_used_at INTEGER,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id) ON DELETE CASCADE,
    CHECK ((auth_method = 'private_key_jwt') = (secret_hash IS NULL)),
    CHECK ((jwks IS NULL) <> (jwks_url IS NULL) OR auth_method <> 'private_key_jwt')
) STRICT;
CREATE INDEX oauth_clients_connection ON oauth_clients (org_id, connection_id);

-- Their access tokens, as hashes: good while they last and their client is.
CREATE TABLE oauth_access_tokens (
    org_id BLOB NOT NULL,
    hash BLOB NOT NULL PRIMARY KEY,
    client_id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    FOREIGN KEY (org_id, client_id) REFERENCES oauth_clients (org_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX oauth_access_tokens_client ON oauth_access_tokens (org_id, client_id, created_at);
CREATE INDEX oauth_access_tokens_expires_at ON oauth_access_tokens (expires_at);

-- Assertions that were used, by the hash of their jti, until nobody would take them any more.
CREATE TABLE oauth_assertions (
    org_id BLOB NOT NULL,
    client_id BLOB NOT NULL,
    jti BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, client_id, jti),
    FOREIGN KEY (org_id, client_id) REFERENCES oauth_clients (org_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX oauth_assertions_expires_at ON oauth_assertions (expires_at);
