ALTER TABLE mappings DROP COLUMN group_lost_at;
ALTER TABLE identities DROP COLUMN groups_stale_why;
ALTER TABLE identities DROP COLUMN groups_stale_since;
