-- The certificate that vouched for a session's sign-in: a session ends once it is trusted no more. And the
-- chain of a session, where the same person signed in again in the same browser: the first of them. What
-- apps hold of one lasts until they all end, which they do together.
ALTER TABLE sessions ADD COLUMN certificate text COLLATE "C";
ALTER TABLE sessions ADD COLUMN chain_id uuid;
CREATE INDEX sessions_chain_id ON sessions (org_id, chain_id);
DROP INDEX sessions_name_id;
CREATE INDEX sessions_name_id ON sessions (org_id, connection_id, lower(name_id));

-- Logouts that an identity provider asked for: an assertion that it made before one lets nobody in after.
CREATE TABLE saml_logouts_heard (
    org_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    message_id text COLLATE "C" NOT NULL,
    name_hash bytea NOT NULL,
    session_indexes jsonb NOT NULL,
    issued_at bigint NOT NULL,
    until bigint NOT NULL,
    PRIMARY KEY (org_id, connection_id, message_id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id) ON DELETE CASCADE
);
CREATE INDEX saml_logouts_heard_name ON saml_logouts_heard (org_id, connection_id, name_hash);
CREATE INDEX saml_logouts_heard_until ON saml_logouts_heard (until);
