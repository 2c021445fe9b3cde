-- What the rules were at each revision, and what held of people before it changed: with the grants, which
-- are retired and never removed, every role of the past can be explained.
ALTER TABLE organizations ADD COLUMN policy_rev INTEGER NOT NULL DEFAULT 0;
CREATE TABLE policy_revisions (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    rev INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    cause TEXT NOT NULL,
    rulebook TEXT NOT NULL,
    PRIMARY KEY (org_id, rev)
) STRICT, WITHOUT ROWID;

-- What holds of a person beside the grants, and the revision by which their role was last decided.
ALTER TABLE users ADD COLUMN standing TEXT;
ALTER TABLE users ADD COLUMN policy_rev INTEGER NOT NULL DEFAULT 0;
CREATE TABLE standings (
    org_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    until INTEGER NOT NULL,
    standing TEXT NOT NULL,
    PRIMARY KEY (org_id, user_id, until),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
) STRICT, WITHOUT ROWID;

-- A rule that is removed stays, for what it gave; the revision that brought it.
ALTER TABLE mappings ADD COLUMN rev INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mappings ADD COLUMN removed_at INTEGER;

-- Who gave it, and why, where they had to say.
ALTER TABLE grants ADD COLUMN actor TEXT;
ALTER TABLE grants ADD COLUMN reason TEXT;
CREATE INDEX grants_retired ON grants (org_id, user_id) WHERE retired_at IS NOT NULL;
CREATE INDEX grants_ending ON grants (ends_at) WHERE ends_at IS NOT NULL AND retired_at IS NULL;
