-- The owner's way in while no connection brings them in: open for a while, for the owner of then, to whoever has
-- the link and reads the owner's mailbox. The mark stands for the address that the owner had then; there is one
-- at a time that nobody closed.
CREATE TABLE break_glass (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    hash BLOB NOT NULL,
    mark TEXT NOT NULL,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    closed_at INTEGER,
    closed_by TEXT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
) STRICT;
CREATE UNIQUE INDEX break_glass_open ON break_glass (org_id) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX break_glass_hash ON break_glass (hash);

-- Six digits that were mailed for it; they follow from the id and a key, and are good in the browser that asked.
-- They go when it is closed.
CREATE TABLE break_glass_codes (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    break_glass_id BLOB NOT NULL,
    browser BLOB NOT NULL,
    tries INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, break_glass_id) REFERENCES break_glass (org_id, id)
) STRICT;
CREATE INDEX break_glass_codes_of ON break_glass_codes (org_id, break_glass_id, created_at);

-- By which of them a session was begun.
ALTER TABLE sessions ADD COLUMN break_glass_id BLOB;
CREATE INDEX sessions_break_glass ON sessions (org_id, break_glass_id) WHERE break_glass_id IS NOT NULL;
