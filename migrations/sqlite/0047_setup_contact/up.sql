-- Whom a set-up link is for, where somebody said: it opens only where the digits were said that were mailed there.
ALTER TABLE setup_links ADD COLUMN contact_email TEXT;

-- Six digits that were mailed; they follow from the id and a key, and are good in the browser that asked. The browser
-- in which they were said is let in for a while. How many were mailed counts, also once the link has ended.
CREATE TABLE setup_codes (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    setup_link_id BLOB NOT NULL,
    browser BLOB NOT NULL,
    tries INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, setup_link_id) REFERENCES setup_links (org_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX setup_codes_of ON setup_codes (org_id, setup_link_id, created_at);
