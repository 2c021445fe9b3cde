-- Our own keys of a connection: the current one signs requests and decrypts assertions, the next one
-- is published beside it, the retired one still decrypts. sealed is PKCS#8, sealed by the data key.
CREATE TABLE saml_keys (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (state IN ('current', 'next', 'retired')),
    certificate bytea NOT NULL,
    sealed bytea NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX saml_keys_state ON saml_keys (org_id, connection_id, state);

-- Whether requests are signed and CBC is decrypted; where nobody said, the provider's metadata and
-- the profile decide. idp_endpoints is what its metadata says of addresses.
ALTER TABLE connections ADD COLUMN sign_requests boolean;
ALTER TABLE connections ADD COLUMN allow_cbc boolean;
ALTER TABLE connections ADD COLUMN idp_endpoints jsonb;
