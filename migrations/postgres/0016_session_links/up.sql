-- A connection's and a link's sessions: those that end with it, and those that keep it.
CREATE INDEX sessions_connection_id ON sessions (org_id, connection_id);
CREATE INDEX sessions_identity_id ON sessions (org_id, identity_id);
