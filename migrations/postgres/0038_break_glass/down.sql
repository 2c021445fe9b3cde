-- Without the column they would look like sessions of a mailbox.
UPDATE refresh_families SET ended_at = created_at
    WHERE ended_at IS NULL AND session_id IN (SELECT id FROM sessions WHERE break_glass_id IS NOT NULL);
UPDATE sessions SET ended_at = last_seen_at, ended_cause = 'break_glass_closed'
    WHERE ended_at IS NULL AND break_glass_id IS NOT NULL;
DROP INDEX sessions_break_glass;
ALTER TABLE sessions DROP COLUMN break_glass_id;
DROP TABLE break_glass_codes;
DROP TABLE break_glass;
