-- What a safeguard counts, what it held or would have, and what the directory says that is not in force.
CREATE TABLE safeguard_marks (
    org_id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    user_id BLOB NOT NULL,
    PRIMARY KEY (org_id, connection_id, kind, at, user_id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX safeguard_marks_at ON safeguard_marks (at);

CREATE TABLE safeguards (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    people INTEGER NOT NULL,
    threshold INTEGER NOT NULL,
    active_people INTEGER NOT NULL,
    began_at INTEGER NOT NULL,
    tripped_at INTEGER NOT NULL,
    latest_at INTEGER NOT NULL,
    expires_at INTEGER,
    decided_at INTEGER,
    decided_by TEXT,
    PRIMARY KEY (org_id, id)
) STRICT;
CREATE INDEX safeguards_open ON safeguards (org_id, connection_id, kind) WHERE decided_at IS NULL;
CREATE INDEX safeguards_expires_at ON safeguards (expires_at)
    WHERE expires_at IS NOT NULL AND decided_at IS NULL;

CREATE TABLE waivers (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    reference TEXT NOT NULL,
    state TEXT NOT NULL,
    safeguard_id BLOB,
    reason TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, user_id, kind, reference),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
) STRICT;
CREATE INDEX waivers_safeguard_id ON waivers (org_id, safeguard_id);

-- Until when a connection's off-boarding is a planned one, and how long a hold waits.
CREATE TABLE safeguard_settings (
    org_id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    planned_until INTEGER,
    hold_minutes INTEGER NOT NULL,
    PRIMARY KEY (org_id, connection_id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id)
) STRICT, WITHOUT ROWID;

-- Of how many people a safeguard speaks.
CREATE INDEX users_managed_by ON users (org_id, managed_by) WHERE managed_by IS NOT NULL;
