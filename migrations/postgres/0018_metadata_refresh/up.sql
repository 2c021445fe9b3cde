-- Where a connection's identity provider publishes its metadata, and how they are kept up to date. Who
-- fetches them holds a lease. due_at is null where nobody looks. proposal is a document that waits for
-- a yes, with what it changes; dismissed_changes is what was last answered with a no.
CREATE TABLE metadata_refreshes (
    org_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    mode text COLLATE "C" NOT NULL CHECK (mode IN ('auto', 'off', 'propose')),
    url text COLLATE "C",
    etag text COLLATE "C",
    last_modified text COLLATE "C",
    fetched_at bigint,
    outcome text COLLATE "C",
    reason text COLLATE "C",
    failures bigint NOT NULL,
    due_at bigint,
    lease uuid,
    leased_until bigint,
    valid_until bigint,
    cache_seconds bigint,
    proposal text COLLATE "C",
    proposed_changes jsonb,
    proposed_at bigint,
    dismissed_changes jsonb,
    PRIMARY KEY (org_id, connection_id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id) ON DELETE CASCADE
);
CREATE INDEX metadata_refreshes_due_at ON metadata_refreshes (due_at);

-- Of which ends somebody was told, so many days ahead: of certificates by their fingerprints, and of
-- metadata. A certificate that comes back is not told of again.
CREATE TABLE expiry_notices (
    org_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    subject text COLLATE "C" NOT NULL,
    days bigint NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (org_id, connection_id, subject, days),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id) ON DELETE CASCADE
);
CREATE INDEX connection_certificates_not_after ON connection_certificates (not_after);
