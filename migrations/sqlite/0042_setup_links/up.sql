-- Links for a customer's IT admin who has no account: each sets up one connection, which is in testing until an
-- admin or the operator takes it live. One at a time for a purpose.
CREATE TABLE setup_links (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    purpose TEXT NOT NULL,
    connection_id BLOB,
    hash BLOB NOT NULL,
    actor TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    seen_at INTEGER,
    finished_at INTEGER,
    revoked_at INTEGER,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX setup_links_hash ON setup_links (hash);
CREATE UNIQUE INDEX setup_links_open ON setup_links (org_id, purpose)
    WHERE finished_at IS NULL AND revoked_at IS NULL;
CREATE INDEX setup_links_connection ON setup_links (org_id, connection_id);
