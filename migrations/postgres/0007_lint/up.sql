-- What was seen of a connection that is no fault and yet worth a word: the tolerances that its
-- requests needed, the sign-ins that were refused for SHA-1. One row a kind; the kinds are few.
CREATE TABLE sightings (
    org_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    first_at bigint NOT NULL,
    last_at bigint NOT NULL,
    PRIMARY KEY (org_id, connection_id, kind),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id) ON DELETE CASCADE
);
