DROP TABLE saml_logouts_heard;
DROP INDEX sessions_name_id;
CREATE INDEX sessions_name_id ON sessions (org_id, connection_id, name_id);
DROP INDEX sessions_chain_id;
ALTER TABLE sessions DROP COLUMN chain_id;
ALTER TABLE sessions DROP COLUMN certificate;
