-- The name by which a session's person is known at the identity provider, as its assertion had it: a
-- logout names it again. A session that has ended has none.
ALTER TABLE sessions ADD COLUMN name_id text COLLATE "C";
ALTER TABLE sessions ADD COLUMN name_id_format text COLLATE "C";
ALTER TABLE sessions ADD COLUMN name_qualifier text COLLATE "C";
ALTER TABLE sessions ADD COLUMN sp_name_qualifier text COLLATE "C";
CREATE INDEX sessions_name_id ON sessions (org_id, connection_id, name_id);

-- Whether single logout is on; where nobody said, the provider's metadata decide.
ALTER TABLE connections ADD COLUMN single_logout boolean;

-- Our logout requests to identity providers that are not answered yet: each is good for one answer,
-- and back is where the browser goes then.
CREATE TABLE saml_logouts (
    org_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    connection_id uuid NOT NULL,
    back text COLLATE "C",
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id) ON DELETE CASCADE
);
CREATE INDEX saml_logouts_connection_id ON saml_logouts (org_id, connection_id);
CREATE INDEX saml_logouts_expires_at ON saml_logouts (expires_at);
