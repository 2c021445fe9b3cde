DROP INDEX invitations_role_id;
DROP INDEX grants_role_id;
-- What was of a role that is gone is of the organization's default role from here on.
UPDATE grants SET role_id = (SELECT default_role_id FROM organizations WHERE organizations.id = grants.org_id)
    WHERE EXISTS (SELECT 1 FROM roles WHERE roles.org_id = grants.org_id AND roles.id = grants.role_id
        AND roles.removed_at IS NOT NULL);
UPDATE mappings SET role_id = (SELECT default_role_id FROM organizations WHERE organizations.id = mappings.org_id)
    WHERE EXISTS (SELECT 1 FROM roles WHERE roles.org_id = mappings.org_id AND roles.id = mappings.role_id
        AND roles.removed_at IS NOT NULL);
UPDATE invitations SET role_id = (SELECT default_role_id FROM organizations WHERE organizations.id = invitations.org_id)
    WHERE EXISTS (SELECT 1 FROM roles WHERE roles.org_id = invitations.org_id AND roles.id = invitations.role_id
        AND roles.removed_at IS NOT NULL);
PRAGMA defer_foreign_keys = ON;
CREATE TABLE roles_before AS SELECT * FROM roles WHERE removed_at IS NULL;
DROP TABLE roles;
CREATE TABLE roles (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    rank INTEGER NOT NULL CHECK (rank BETWEEN 1 AND 100),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, slug),
    UNIQUE (org_id, rank)
) STRICT, WITHOUT ROWID;
INSERT INTO roles SELECT org_id, id, slug, name, rank, created_at FROM roles_before;
DROP TABLE roles_before;
