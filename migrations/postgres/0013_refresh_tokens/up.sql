-- What an app was given by one code, under the code's id: a family of refresh tokens, of which one is
-- good at a time. It is over by expires_at, the session's own end, or when it is ended: with the
-- session, by the app, or since one of its tokens came twice.
CREATE TABLE refresh_families (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    session_id uuid NOT NULL,
    app_id uuid NOT NULL REFERENCES apps (id),
    scope text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    ended_at bigint,
    ended_cause text COLLATE "C",
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, session_id) REFERENCES sessions (org_id, id)
);
CREATE INDEX refresh_families_session_id ON refresh_families (org_id, session_id);
CREATE INDEX refresh_families_expires_at ON refresh_families (expires_at);

-- The tokens, by their hashes. One that was used has its successor, sealed by the token itself, so
-- that only whoever presents it again can read it.
CREATE TABLE refresh_tokens (
    org_id uuid NOT NULL,
    hash bytea NOT NULL,
    family_id uuid NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint,
    successor bytea,
    PRIMARY KEY (hash),
    FOREIGN KEY (org_id, family_id) REFERENCES refresh_families (org_id, id) ON DELETE CASCADE
);
CREATE INDEX refresh_tokens_family_id ON refresh_tokens (org_id, family_id);
