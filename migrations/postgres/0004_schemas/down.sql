DROP INDEX scim_members_groups;
ALTER TABLE organizations DROP COLUMN schema_changes_since;
ALTER TABLE organizations DROP COLUMN schema_changes;
ALTER TABLE connections DROP COLUMN schemas;
ALTER TABLE organizations DROP COLUMN schemas;
