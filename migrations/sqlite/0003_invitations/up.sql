-- People who come without a directory, the mail that is owed to them, and what a session then has
-- of a connection: nothing.

ALTER TABLE organizations ADD COLUMN policy TEXT NOT NULL DEFAULT '{}';

ALTER TABLE users ADD COLUMN override_at INTEGER;

ALTER TABLE sessions ALTER COLUMN connection_id DROP NOT NULL;
ALTER TABLE sessions ALTER COLUMN identity_id DROP NOT NULL;

CREATE TABLE imports (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    actor TEXT NOT NULL,
    digest TEXT NOT NULL,
    total INTEGER NOT NULL,
    created INTEGER NOT NULL,
    skipped INTEGER NOT NULL,
    warnings INTEGER NOT NULL,
    result TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
) STRICT;

CREATE TABLE invitations (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    email TEXT NOT NULL,
    email_norm TEXT NOT NULL,
    role_id BLOB NOT NULL,
    mailed_role_id BLOB,
    message TEXT,
    override_reason TEXT,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    share_version INTEGER NOT NULL,
    shared_at INTEGER,
    inviter_id BLOB,
    inviter_name TEXT,
    actor TEXT NOT NULL,
    import_id BLOB,
    send_count INTEGER NOT NULL,
    last_sent_at INTEGER,
    asked_at INTEGER,
    expires_at INTEGER NOT NULL,
    accepted_user_id BLOB,
    accepted_via TEXT,
    closed_at INTEGER,
    closed_cause TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, role_id) REFERENCES roles (org_id, id),
    FOREIGN KEY (org_id, import_id) REFERENCES imports (org_id, id),
    FOREIGN KEY (org_id, inviter_id) REFERENCES users (org_id, id),
    FOREIGN KEY (org_id, accepted_user_id) REFERENCES users (org_id, id)
) STRICT;
CREATE UNIQUE INDEX invitations_open ON invitations (org_id, email_norm)
    WHERE closed_at IS NULL;
CREATE INDEX invitations_state ON invitations (org_id, state, id);
CREATE INDEX invitations_import_id ON invitations (org_id, import_id);
CREATE INDEX invitations_created_at ON invitations (org_id, created_at);
CREATE INDEX invitations_inviter_id ON invitations (org_id, inviter_id, id)
    WHERE closed_at IS NULL;
CREATE INDEX invitations_closed_at ON invitations (closed_at, id) WHERE email <> '';
CREATE UNIQUE INDEX invitations_id ON invitations (id);

CREATE TABLE invitation_projects (
    org_id BLOB NOT NULL,
    invitation_id BLOB NOT NULL,
    project_id BLOB NOT NULL,
    PRIMARY KEY (org_id, invitation_id, project_id),
    FOREIGN KEY (org_id, invitation_id) REFERENCES invitations (org_id, id),
    FOREIGN KEY (org_id, project_id) REFERENCES projects (org_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE mail_codes (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    invitation_id BLOB NOT NULL,
    email TEXT NOT NULL,
    email_norm TEXT NOT NULL,
    tries INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, invitation_id) REFERENCES invitations (org_id, id)
) STRICT;
CREATE INDEX mail_codes_invitation_id ON mail_codes (org_id, invitation_id, created_at);
CREATE INDEX mail_codes_email_norm ON mail_codes (org_id, email_norm, created_at);

CREATE TABLE invitation_changes (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    invitation_id BLOB NOT NULL,
    email TEXT NOT NULL,
    email_norm TEXT NOT NULL,
    proof TEXT NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    closed_at INTEGER,
    closed_by TEXT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, invitation_id) REFERENCES invitations (org_id, id)
) STRICT;
CREATE UNIQUE INDEX invitation_changes_open ON invitation_changes (org_id, invitation_id)
    WHERE closed_at IS NULL;
CREATE INDEX invitation_changes_invitation_id
    ON invitation_changes (org_id, invitation_id, created_at);

CREATE TABLE outbox (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    invitation_id BLOB,
    code_id BLOB,
    detail TEXT NOT NULL,
    state TEXT NOT NULL,
    uncertain INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    lease BLOB,
    leased_until INTEGER,
    last_reply TEXT,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, invitation_id) REFERENCES invitations (org_id, id),
    FOREIGN KEY (org_id, code_id) REFERENCES mail_codes (org_id, id)
) STRICT;
CREATE INDEX outbox_due_at ON outbox (due_at) WHERE finished_at IS NULL;
CREATE INDEX outbox_kind ON outbox (kind, due_at) WHERE finished_at IS NULL;
CREATE INDEX outbox_invitation_id ON outbox (org_id, invitation_id, created_at);
CREATE INDEX users_buried ON users (org_id, email_norm) WHERE deleted_at IS NOT NULL;

-- Where an organization's shared links are posted to, sealed; the host is what may be shown.
CREATE TABLE share_hooks (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    sealed BLOB NOT NULL,
    host TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (org_id)
) STRICT;

-- Requests that carried an Idempotency-Key: claimed before they are worked on, answered after.
CREATE TABLE idempotency (
    key_id BLOB NOT NULL REFERENCES api_keys (id),
    name TEXT NOT NULL,
    digest BLOB NOT NULL,
    sealed BLOB,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (key_id, name)
) STRICT;
CREATE INDEX idempotency_created_at ON idempotency (created_at);
