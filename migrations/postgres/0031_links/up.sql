-- Since when a resource waits for somebody to say whose it is, and whose it is not, as somebody said.
ALTER TABLE scim_users ADD COLUMN proposed_at bigint;
ALTER TABLE scim_users ADD COLUMN rejected_user_id uuid;
ALTER TABLE scim_users ADD COLUMN rejected_at bigint;
CREATE INDEX scim_users_unlinked ON scim_users (org_id, id) WHERE user_id IS NULL;
