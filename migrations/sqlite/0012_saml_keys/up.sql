-- Our own keys of a connection: the current one signs requests and decrypts assertions, the next one
-- is published beside it, the retired one still decrypts. sealed is PKCS#8, sealed by the data key.
CREATE TABLE saml_keys (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('current', 'next', 'retired')),
    certificate BLOB NOT NULL,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX saml_keys_state ON saml_keys (org_id, connection_id, state);

-- Whether requests are signed and CBC is decrypted; where nobody said, the provider's metadata and
-- the profile decide. idp_endpoints is what its metadata says of addresses.
ALTER TABLE connections ADD COLUMN sign_requests INTEGER;
ALTER TABLE connections ADD COLUMN allow_cbc INTEGER;
ALTER TABLE connections ADD COLUMN idp_endpoints TEXT;
