-- A transfer of ownership, from whom to whom. A mark stands for the address that a person had when it began: a
-- link that was mailed there is good while they have it. There is one at a time that is not over.
CREATE TABLE ownership_transfers (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    owner_id BLOB,
    owner_mark TEXT NOT NULL,
    chosen_id BLOB NOT NULL,
    chosen_mark TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    actor TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    closed_at INTEGER,
    closed_by TEXT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, owner_id) REFERENCES users (org_id, id),
    FOREIGN KEY (org_id, chosen_id) REFERENCES users (org_id, id)
) STRICT;
CREATE UNIQUE INDEX ownership_transfers_open ON ownership_transfers (org_id) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX ownership_transfers_id ON ownership_transfers (id);

-- A person proves a subject to be theirs, by six digits that follow from the id and a key; then it waits for
-- the owner's yes. The mark is of the address that the digits were mailed to.
CREATE TABLE link_proofs (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    identity_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    mark TEXT NOT NULL,
    owner_mark TEXT,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    closed_at INTEGER,
    closed_by TEXT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
) STRICT;
CREATE INDEX link_proofs_user_id ON link_proofs (org_id, user_id, created_at);
CREATE UNIQUE INDEX link_proofs_id ON link_proofs (id);
