-- What a safeguard counts, what it held or would have, and what the directory says that is not in force.
CREATE TABLE safeguard_marks (
    org_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    user_id uuid NOT NULL,
    PRIMARY KEY (org_id, connection_id, kind, at, user_id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id)
);
CREATE INDEX safeguard_marks_at ON safeguard_marks (at);

CREATE TABLE safeguards (
    org_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    people bigint NOT NULL,
    threshold bigint NOT NULL,
    active_people bigint NOT NULL,
    began_at bigint NOT NULL,
    tripped_at bigint NOT NULL,
    latest_at bigint NOT NULL,
    expires_at bigint,
    decided_at bigint,
    decided_by text COLLATE "C",
    PRIMARY KEY (org_id, id)
);
CREATE INDEX safeguards_open ON safeguards (org_id, connection_id, kind) WHERE decided_at IS NULL;
CREATE INDEX safeguards_expires_at ON safeguards (expires_at)
    WHERE expires_at IS NOT NULL AND decided_at IS NULL;

CREATE TABLE waivers (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    reference text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    safeguard_id uuid,
    reason text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, user_id, kind, reference),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE INDEX waivers_safeguard_id ON waivers (org_id, safeguard_id);

-- Until when a connection's off-boarding is a planned one, and how long a hold waits.
CREATE TABLE safeguard_settings (
    org_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    planned_until bigint,
    hold_minutes bigint NOT NULL,
    PRIMARY KEY (org_id, connection_id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id)
);

-- Of how many people a safeguard speaks.
CREATE INDEX users_managed_by ON users (org_id, managed_by) WHERE managed_by IS NOT NULL;
