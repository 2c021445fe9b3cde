-- People who come without a directory, the mail that is owed to them, and what a session then has
-- of a connection: nothing.

ALTER TABLE organizations ADD COLUMN policy jsonb NOT NULL DEFAULT '{}';

ALTER TABLE users ADD COLUMN override_at bigint;

ALTER TABLE sessions ALTER COLUMN connection_id DROP NOT NULL;
ALTER TABLE sessions ALTER COLUMN identity_id DROP NOT NULL;

CREATE TABLE imports (
    org_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    actor text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    total bigint NOT NULL,
    created bigint NOT NULL,
    skipped bigint NOT NULL,
    warnings bigint NOT NULL,
    result jsonb,
    created_at bigint NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE TABLE invitations (
    org_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    email text COLLATE "C" NOT NULL,
    email_norm text COLLATE "C" NOT NULL,
    role_id uuid NOT NULL,
    mailed_role_id uuid,
    message text COLLATE "C",
    override_reason text COLLATE "C",
    state text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    share_version bigint NOT NULL,
    shared_at bigint,
    inviter_id uuid,
    inviter_name text COLLATE "C",
    actor text COLLATE "C" NOT NULL,
    import_id uuid,
    send_count bigint NOT NULL,
    last_sent_at bigint,
    asked_at bigint,
    expires_at bigint NOT NULL,
    accepted_user_id uuid,
    accepted_via text COLLATE "C",
    closed_at bigint,
    closed_cause text COLLATE "C",
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, role_id) REFERENCES roles (org_id, id),
    FOREIGN KEY (org_id, import_id) REFERENCES imports (org_id, id),
    FOREIGN KEY (org_id, inviter_id) REFERENCES users (org_id, id),
    FOREIGN KEY (org_id, accepted_user_id) REFERENCES users (org_id, id)
);
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
    org_id uuid NOT NULL,
    invitation_id uuid NOT NULL,
    project_id uuid NOT NULL,
    PRIMARY KEY (org_id, invitation_id, project_id),
    FOREIGN KEY (org_id, invitation_id) REFERENCES invitations (org_id, id),
    FOREIGN KEY (org_id, project_id) REFERENCES projects (org_id, id)
);

CREATE TABLE mail_codes (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    invitation_id uuid NOT NULL,
    email text COLLATE "C" NOT NULL,
    email_norm text COLLATE "C" NOT NULL,
    tries bigint NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, invitation_id) REFERENCES invitations (org_id, id)
);
CREATE INDEX mail_codes_invitation_id ON mail_codes (org_id, invitation_id, created_at);
CREATE INDEX mail_codes_email_norm ON mail_codes (org_id, email_norm, created_at);

CREATE TABLE invitation_changes (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    invitation_id uuid NOT NULL,
    email text COLLATE "C" NOT NULL,
    email_norm text COLLATE "C" NOT NULL,
    proof text COLLATE "C" NOT NULL,
    channel text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    closed_at bigint,
    closed_by text COLLATE "C",
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, invitation_id) REFERENCES invitations (org_id, id)
);
CREATE UNIQUE INDEX invitation_changes_open ON invitation_changes (org_id, invitation_id)
    WHERE closed_at IS NULL;
CREATE INDEX invitation_changes_invitation_id
    ON invitation_changes (org_id, invitation_id, created_at);

CREATE TABLE outbox (
    org_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    recipient text COLLATE "C" NOT NULL,
    invitation_id uuid,
    code_id uuid,
    detail jsonb NOT NULL,
    state text COLLATE "C" NOT NULL,
    uncertain boolean NOT NULL,
    attempts bigint NOT NULL,
    due_at bigint NOT NULL,
    lease uuid,
    leased_until bigint,
    last_reply text COLLATE "C",
    created_at bigint NOT NULL,
    finished_at bigint,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, invitation_id) REFERENCES invitations (org_id, id),
    FOREIGN KEY (org_id, code_id) REFERENCES mail_codes (org_id, id)
);
CREATE INDEX outbox_due_at ON outbox (due_at) WHERE finished_at IS NULL;
CREATE INDEX outbox_kind ON outbox (kind, due_at) WHERE finished_at IS NULL;
CREATE INDEX outbox_invitation_id ON outbox (org_id, invitation_id, created_at);
CREATE INDEX users_buried ON users (org_id, email_norm) WHERE deleted_at IS NOT NULL;

-- Where an organization's shared links are posted to, sealed; the host is what may be shown.
CREATE TABLE share_hooks (
    org_id uuid NOT NULL REFERENCES organizations (id),
    sealed bytea NOT NULL,
    host text COLLATE "C" NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (org_id)
);

-- Requests that carried an Idempotency-Key: claimed before they are worked on, answered after.
CREATE TABLE idempotency (
    key_id uuid NOT NULL REFERENCES api_keys (id),
    name text COLLATE "C" NOT NULL,
    digest bytea NOT NULL,
    sealed bytea,
    created_at bigint NOT NULL,
    PRIMARY KEY (key_id, name)
);
CREATE INDEX idempotency_created_at ON idempotency (created_at);
