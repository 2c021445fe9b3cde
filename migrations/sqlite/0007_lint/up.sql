-- What was seen of a connection that is no fault and yet worth a word: the tolerances that its
-- requests needed, the sign-ins that were refused for SHA-1. One row a kind; the kinds are few.
CREATE TABLE sightings (
    org_id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    count INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, connection_id, kind),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
