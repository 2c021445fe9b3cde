-- Sign-ins by SAML, good and refused, each with its checks; nothing in them names the person. One whose
-- signature was not found good may be anybody's, and goes sooner. A connection that is gone leaves
-- them behind.
CREATE TABLE sign_ins (
    org_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    request_id text COLLATE "C" NOT NULL,
    outcome text COLLATE "C" NOT NULL CHECK (outcome IN ('asked', 'refused', 'signed_in', 'tested')),
    reason text COLLATE "C",
    started_at_provider boolean,
    verified boolean NOT NULL,
    user_id uuid,
    subject text COLLATE "C",
    checks jsonb NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX sign_ins_connection_id ON sign_ins (org_id, connection_id, id);
CREATE INDEX sign_ins_created_at ON sign_ins (verified, created_at);
CREATE INDEX sign_ins_user_id ON sign_ins (org_id, user_id);

-- Whether sign-ins are only tried: each shows its checks, and nobody comes in.
ALTER TABLE connections ADD COLUMN testing boolean NOT NULL DEFAULT false;
