DROP INDEX scim_users_unlinked;
ALTER TABLE scim_users DROP COLUMN rejected_at;
ALTER TABLE scim_users DROP COLUMN rejected_user_id;
ALTER TABLE scim_users DROP COLUMN proposed_at;
