-- A link that named somebody opened only for them.
UPDATE setup_links SET revoked_at = created_at
    WHERE contact_email IS NOT NULL AND revoked_at IS NULL AND finished_at IS NULL;
DROP TABLE setup_codes;
ALTER TABLE setup_links DROP COLUMN contact_email;
