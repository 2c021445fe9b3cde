-- A transfer of ownership, from whom to whom. A mark stands for the address that a person had when it began: a
-- link that was mailed there is good while they have it. There is one at a time that is not over.
CREATE TABLE ownership_transfers (
    org_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    owner_id uuid,
    owner_mark text COLLATE "C" NOT NULL,
    chosen_id uuid NOT NULL,
    chosen_mark text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    reason text COLLATE "C",
    actor text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    closed_at bigint,
    closed_by text COLLATE "C",
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, owner_id) REFERENCES users (org_id, id),
    FOREIGN KEY (org_id, chosen_id) REFERENCES users (org_id, id)
);
CREATE UNIQUE INDEX ownership_transfers_open ON ownership_transfers (org_id) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX ownership_transfers_id ON ownership_transfers (id);

-- A person proves a subject to be theirs, by six digits that follow from the id and a key; then it waits for
-- the owner's yes. The mark is of the address that the digits were mailed to.
CREATE TABLE link_proofs (
    org_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    identity_id uuid NOT NULL,
    user_id uuid NOT NULL,
    mark text COLLATE "C" NOT NULL,
    owner_mark text COLLATE "C",
    state text COLLATE "C" NOT NULL,
    tries bigint NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    closed_at bigint,
    closed_by text COLLATE "C",
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE INDEX link_proofs_user_id ON link_proofs (org_id, user_id, created_at);
CREATE UNIQUE INDEX link_proofs_id ON link_proofs (id);
