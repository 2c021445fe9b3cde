-- The certificate that vouched for a session's sign-in: a session ends once it is trusted no more. And the
-- chain of a session, where the same person signed in again in the same browser: the first of them. What
-- apps hold of one lasts until they all end, which they do together.
ALTER TABLE sessions ADD COLUMN certificate TEXT;
ALTER TABLE sessions ADD COLUMN chain_id BLOB;
CREATE INDEX sessions_chain_id ON sessions (org_id, chain_id);
DROP INDEX sessions_name_id;
CREATE INDEX sessions_name_id ON sessions (org_id, connection_id, lower(name_id));

-- Logouts that an identity provider asked for: an assertion that it made before one lets nobody in after.
CREATE TABLE saml_logouts_heard (
    org_id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    message_id TEXT NOT NULL,
    name_hash BLOB NOT NULL,
    session_indexes TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (org_id, connection_id, message_id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX saml_logouts_heard_name ON saml_logouts_heard (org_id, connection_id, name_hash);
CREATE INDEX saml_logouts_heard_until ON saml_logouts_heard (until);
