-- The owner's way in while no connection brings them in: open for a while, for the owner of then, to whoever has
-- the link and reads the owner's mailbox. The mark stands for the address that the owner had then; there is one
-- at a time that nobody closed.
CREATE TABLE break_glass (
    org_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    hash bytea NOT NULL,
    mark text COLLATE "C" NOT NULL,
    reason text COLLATE "C" NOT NULL,
    actor text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    closed_at bigint,
    closed_by text COLLATE "C",
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE UNIQUE INDEX break_glass_open ON break_glass (org_id) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX break_glass_hash ON break_glass (hash);

-- Six digits that were mailed for it; they follow from the id and a key, and are good in the browser that asked.
-- They go when it is closed.
CREATE TABLE break_glass_codes (
    org_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    break_glass_id uuid NOT NULL,
    browser bytea NOT NULL,
    tries bigint NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, break_glass_id) REFERENCES break_glass (org_id, id)
);
CREATE INDEX break_glass_codes_of ON break_glass_codes (org_id, break_glass_id, created_at);

-- By which of them a session was begun.
ALTER TABLE sessions ADD COLUMN break_glass_id uuid;
CREATE INDEX sessions_break_glass ON sessions (org_id, break_glass_id) WHERE break_glass_id IS NOT NULL;
