-- A role that is removed stays, for what it gave: its slug and its rank are free again.
ALTER TABLE roles ADD COLUMN removed_at bigint;
ALTER TABLE roles DROP CONSTRAINT roles_org_id_slug_key;
ALTER TABLE roles DROP CONSTRAINT roles_org_id_rank_key;
CREATE UNIQUE INDEX roles_org_id_slug_key ON roles (org_id, slug) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX roles_org_id_rank_key ON roles (org_id, rank) WHERE removed_at IS NULL;
-- Which live grants and open invitations are of a role.
CREATE INDEX grants_role_id ON grants (org_id, role_id) WHERE retired_at IS NULL;
CREATE INDEX invitations_role_id ON invitations (org_id, role_id) WHERE closed_at IS NULL;
