-- Sign-ins by SAML, good and refused, each with its checks; nothing in them names the person. One whose
-- signature was not found good may be anybody's, and goes sooner. A connection that is gone leaves
-- them behind.
CREATE TABLE sign_ins (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    request_id TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('asked', 'refused', 'signed_in', 'tested')),
    reason TEXT,
    started_at_provider INTEGER,
    verified INTEGER NOT NULL,
    user_id BLOB,
    subject TEXT,
    checks TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
) STRICT;
CREATE INDEX sign_ins_connection_id ON sign_ins (org_id, connection_id, id);
CREATE INDEX sign_ins_created_at ON sign_ins (verified, created_at);
CREATE INDEX sign_ins_user_id ON sign_ins (org_id, user_id);

-- Whether sign-ins are only tried: each shows its checks, and nobody comes in.
ALTER TABLE connections ADD COLUMN testing INTEGER NOT NULL DEFAULT false;
