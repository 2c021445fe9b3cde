-- A role that is removed stays, for what it gave: its slug and its rank are free again.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE roles_before AS SELECT * FROM roles;
DROP TABLE roles;
CREATE TABLE roles (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    rank INTEGER NOT NULL CHECK (rank BETWEEN 1 AND 100),
    created_at INTEGER NOT NULL,
    removed_at INTEGER,
    PRIMARY KEY (org_id, id)
) STRICT, WITHOUT ROWID;
INSERT INTO roles SELECT org_id, id, slug, name, rank, created_at, NULL FROM roles_before;
DROP TABLE roles_before;
CREATE UNIQUE INDEX roles_org_id_slug_key ON roles (org_id, slug) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX roles_org_id_rank_key ON roles (org_id, rank) WHERE removed_at IS NULL;
-- Which live grants and open invitations are of a role.
CREATE INDEX grants_role_id ON grants (org_id, role_id) WHERE retired_at IS NULL;
CREATE INDEX invitations_role_id ON invitations (org_id, role_id) WHERE closed_at IS NULL;
