-- Events of invitations stay: their numbers have no gap. An older program does not know these kinds
-- and cannot show the feed from the first of them on.
DROP TABLE idempotency;
DROP TABLE share_hooks;
DROP INDEX users_buried;
DROP TABLE outbox;
DROP TABLE invitation_changes;
DROP TABLE mail_codes;
DROP TABLE invitation_projects;
DROP TABLE invitations;
DROP TABLE imports;

-- A session that no connection made cannot be told by the older tables.
DELETE FROM codes WHERE session_id IN (SELECT id FROM sessions WHERE connection_id IS NULL);
DELETE FROM sessions WHERE connection_id IS NULL OR identity_id IS NULL;
ALTER TABLE sessions ALTER COLUMN connection_id SET NOT NULL;
ALTER TABLE sessions ALTER COLUMN identity_id SET NOT NULL;

ALTER TABLE users DROP COLUMN override_at;
ALTER TABLE organizations DROP COLUMN policy;
