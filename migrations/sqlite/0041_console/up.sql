-- Who is at the console: a person of an organization, or the operator where there is none. What came of a sign-in
-- through a connection ends with it.
CREATE TABLE console_sessions (
    id BLOB NOT NULL PRIMARY KEY,
    org_id BLOB REFERENCES organizations (id),
    user_id BLOB,
    session_id BLOB,
    way TEXT NOT NULL,
    hash BLOB NOT NULL,
    authenticated_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
) STRICT;
CREATE UNIQUE INDEX console_sessions_hash ON console_sessions (hash);
CREATE INDEX console_sessions_of ON console_sessions (org_id, user_id);
CREATE INDEX console_sessions_end ON console_sessions (expires_at);

-- Links that let in once: the operator, or the first owner of an organization.
CREATE TABLE console_links (
    id BLOB NOT NULL PRIMARY KEY,
    org_id BLOB REFERENCES organizations (id),
    user_id BLOB,
    hash BLOB NOT NULL,
    mark TEXT,
    actor TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
) STRICT;
CREATE UNIQUE INDEX console_links_hash ON console_links (hash);
CREATE INDEX console_links_of ON console_links (org_id, user_id);

-- Six digits that were mailed to an admin; they follow from the id and a key, and are good in the browser that asked.
CREATE TABLE console_codes (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    browser BLOB NOT NULL,
    tries INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
) STRICT;
CREATE INDEX console_codes_of ON console_codes (org_id, user_id, created_at);
CREATE INDEX console_codes_end ON console_codes (expires_at);

-- What happened to one person, over all channels.
CREATE INDEX events_user ON events (org_id, (data ->> 'user_id'), seq);
