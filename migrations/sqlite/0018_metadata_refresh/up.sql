-- Where a connection's identity provider publishes its metadata, and how they are kept up to date. Who
-- fetches them holds a lease. due_at is null where nobody looks. proposal is a document that waits for
-- a yes, with what it changes; dismissed_changes is what was last answered with a no.
CREATE TABLE metadata_refreshes (
    org_id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('auto', 'off', 'propose')),
    url TEXT,
    etag TEXT,
    last_modified TEXT,
    fetched_at INTEGER,
    outcome TEXT,
    reason TEXT,
    failures INTEGER NOT NULL,
    due_at INTEGER,
    lease BLOB,
    leased_until INTEGER,
    valid_until INTEGER,
    cache_seconds INTEGER,
    proposal TEXT,
    proposed_changes TEXT,
    proposed_at INTEGER,
    dismissed_changes TEXT,
    PRIMARY KEY (org_id, connection_id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX metadata_refreshes_due_at ON metadata_refreshes (due_at);

-- Of which ends somebody was told, so many days ahead: of certificates by their fingerprints, and of
-- metadata. A certificate that comes back is not told of again.
CREATE TABLE expiry_notices (
    org_id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    subject TEXT NOT NULL,
    days INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, connection_id, subject, days),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX connection_certificates_not_after ON connection_certificates (not_after);
