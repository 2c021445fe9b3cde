-- SCIM schemas that an organization registered. Each connection carries a copy, so that a request
-- learns of them with the connection itself.
ALTER TABLE organizations ADD COLUMN schemas jsonb NOT NULL DEFAULT '[]';
ALTER TABLE connections ADD COLUMN schemas jsonb NOT NULL DEFAULT '[]';
ALTER TABLE organizations ADD COLUMN schema_changes bigint NOT NULL DEFAULT 0;
ALTER TABLE organizations ADD COLUMN schema_changes_since bigint;

-- Which groups are in a group, so that a circle is found without reading its people.
CREATE INDEX scim_members_groups ON scim_members (org_id, group_id, member_id)
    WHERE member_is_group;
