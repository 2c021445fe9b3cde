-- Domains that an organization shows to be its own, by a TXT record with the challenge. One that is
-- verified is trusted for each of the organization's connections.
CREATE TABLE domain_proofs (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    domain TEXT NOT NULL,
    challenge TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    verified_at INTEGER,
    PRIMARY KEY (org_id, domain)
) STRICT, WITHOUT ROWID;
CREATE INDEX domain_proofs_domain ON domain_proofs (domain) WHERE verified_at IS NOT NULL;
