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
DELETE FROM roles WHERE removed_at IS NOT NULL;
-- Nothing of it may wait for the commit while the table changes.
SET CONSTRAINTS ALL IMMEDIATE;
DROP INDEX roles_org_id_rank_key;
DROP INDEX roles_org_id_slug_key;
ALTER TABLE roles ADD CONSTRAINT roles_org_id_slug_key UNIQUE (org_id, slug);
ALTER TABLE roles ADD CONSTRAINT roles_org_id_rank_key UNIQUE (org_id, rank);
ALTER TABLE roles DROP COLUMN removed_at;
