-- Domains that an organization shows to be its own, by a TXT record with the challenge. One that is
-- verified is trusted for each of the organization's connections.
CREATE TABLE domain_proofs (
    org_id uuid NOT NULL REFERENCES organizations (id),
    domain text COLLATE "C" NOT NULL,
    challenge text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    verified_at bigint,
    PRIMARY KEY (org_id, domain)
);
CREATE INDEX domain_proofs_domain ON domain_proofs (domain) WHERE verified_at IS NOT NULL;
