-- Since when, and why, a person's sign-ins say nothing of their groups: what was known of them counts on.
ALTER TABLE identities ADD COLUMN groups_stale_since INTEGER;
ALTER TABLE identities ADD COLUMN groups_stale_why TEXT;
-- When the group that a rule was bound to was deleted, while the rule waits for another.
ALTER TABLE mappings ADD COLUMN group_lost_at INTEGER;
