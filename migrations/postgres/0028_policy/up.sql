-- What the rules were at each revision, and what held of people before it changed: with the grants, which
-- are retired and never removed, every role of the past can be explained.
ALTER TABLE organizations ADD COLUMN policy_rev bigint NOT NULL DEFAULT 0;
CREATE TABLE policy_revisions (
    org_id uuid NOT NULL REFERENCES organizations (id),
    rev bigint NOT NULL,
    at bigint NOT NULL,
    actor text COLLATE "C" NOT NULL,
    cause text COLLATE "C" NOT NULL,
    rulebook jsonb NOT NULL,
    PRIMARY KEY (org_id, rev)
);

-- What holds of a person beside the grants, and the revision by which their role was last decided.
ALTER TABLE users ADD COLUMN standing text COLLATE "C";
ALTER TABLE users ADD COLUMN policy_rev bigint NOT NULL DEFAULT 0;
CREATE TABLE standings (
    org_id uuid NOT NULL,
    user_id uuid NOT NULL,
    until bigint NOT NULL,
    standing text COLLATE "C" NOT NULL,
    PRIMARY KEY (org_id, user_id, until),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);

-- A rule that is removed stays, for what it gave; the revision that brought it.
ALTER TABLE mappings ADD COLUMN rev bigint NOT NULL DEFAULT 0;
ALTER TABLE mappings ADD COLUMN removed_at bigint;

-- Who gave it, and why, where they had to say.
ALTER TABLE grants ADD COLUMN actor text COLLATE "C";
ALTER TABLE grants ADD COLUMN reason text COLLATE "C";
CREATE INDEX grants_retired ON grants (org_id, user_id) WHERE retired_at IS NOT NULL;
CREATE INDEX grants_ending ON grants (ends_at) WHERE ends_at IS NOT NULL AND retired_at IS NULL;
