-- What an app was given by one code, under the code's id: a family of refresh tokens, of which one is
-- good at a time. It is over by expires_at, the session's own end, or when it is ended: with the
-- session, by the app, or since one of its tokens came twice.
CREATE TABLE refresh_families (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    session_id BLOB NOT NULL,
    app_id BLOB NOT NULL REFERENCES apps (id),
    scope TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    ended_cause TEXT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, session_id) REFERENCES sessions (org_id, id)
) STRICT;
CREATE INDEX refresh_families_session_id ON refresh_families (org_id, session_id);
CREATE INDEX refresh_families_expires_at ON refresh_families (expires_at);

-- The tokens, by their hashes. One that was used has its successor, sealed by the token itself, so
-- that only whoever presents it again can read it.
CREATE TABLE refresh_tokens (
    org_id BLOB NOT NULL,
    hash BLOB NOT NULL,
    family_id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    successor BLOB,
    PRIMARY KEY (hash),
    FOREIGN KEY (org_id, family_id) REFERENCES refresh_families (org_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX refresh_tokens_family_id ON refresh_tokens (org_id, family_id);
