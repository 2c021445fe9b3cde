-- The name by which a session's person is known at the identity provider, as its assertion had it: a
-- logout names it again. A session that has ended has none.
ALTER TABLE sessions ADD COLUMN name_id TEXT;
ALTER TABLE sessions ADD COLUMN name_id_format TEXT;
ALTER TABLE sessions ADD COLUMN name_qualifier TEXT;
ALTER TABLE sessions ADD COLUMN sp_name_qualifier TEXT;
CREATE INDEX sessions_name_id ON sessions (org_id, connection_id, name_id);

-- Whether single logout is on; where nobody said, the provider's metadata decide.
ALTER TABLE connections ADD COLUMN single_logout INTEGER;

-- Our logout requests to identity providers that are not answered yet: each is good for one answer,
-- and back is where the browser goes then.
CREATE TABLE saml_logouts (
    org_id BLOB NOT NULL,
    id TEXT NOT NULL,
    connection_id BLOB NOT NULL,
    back TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX saml_logouts_connection_id ON saml_logouts (org_id, connection_id);
CREATE INDEX saml_logouts_expires_at ON saml_logouts (expires_at);
