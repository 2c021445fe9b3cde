-- Who is at the console: a person of an organization, or the operator where there is none. What came of a sign-in
-- through a connection ends with it.
CREATE TABLE console_sessions (
    id uuid NOT NULL PRIMARY KEY,
    org_id uuid REFERENCES organizations (id),
    user_id uuid,
    session_id uuid,
    way text COLLATE "C" NOT NULL,
    hash bytea NOT NULL,
    authenticated_at bigint NOT NULL,
    created_at bigint NOT NULL,
    last_seen_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    ended_at bigint,
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE UNIQUE INDEX console_sessions_hash ON console_sessions (hash);
CREATE INDEX console_sessions_of ON console_sessions (org_id, user_id);
CREATE INDEX console_sessions_end ON console_sessions (expires_at);

-- Links that let in once: the operator, or the first owner of an organization.
CREATE TABLE console_links (
    id uuid NOT NULL PRIMARY KEY,
    org_id uuid REFERENCES organizations (id),
    user_id uuid,
    hash bytea NOT NULL,
    mark text COLLATE "C",
    actor text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint,
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE UNIQUE INDEX console_links_hash ON console_links (hash);
CREATE INDEX console_links_of ON console_links (org_id, user_id);

-- Six digits that were mailed to an admin; they follow from the id and a key, and are good in the browser that asked.
CREATE TABLE console_codes (
    org_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    browser bytea NOT NULL,
    tries bigint NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE INDEX console_codes_of ON console_codes (org_id, user_id, created_at);
CREATE INDEX console_codes_end ON console_codes (expires_at);

-- What happened to one person, over all channels.
CREATE INDEX events_user ON events (org_id, (data ->> 'user_id'), seq);
