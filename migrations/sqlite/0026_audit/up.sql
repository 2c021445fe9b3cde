-- The events are the audit log. mac chains each row to the one before it; salts are what the
-- commitments to personal values are made with, or the commitments themselves where a value is erased.
-- An organization keeps the last mac and a seal of it, the row at which its chain begins (base), sealed
-- too, and how far its last checkpoint goes. What was written before has no mac: see usher audit verify.
ALTER TABLE events ADD COLUMN salts TEXT;
ALTER TABLE events ADD COLUMN mac BLOB;
ALTER TABLE organizations ADD COLUMN event_mac BLOB;
ALTER TABLE organizations ADD COLUMN event_seal BLOB;
ALTER TABLE organizations ADD COLUMN base_seq INTEGER;
ALTER TABLE organizations ADD COLUMN base_mac BLOB;
ALTER TABLE organizations ADD COLUMN base_seal BLOB;
ALTER TABLE organizations ADD COLUMN checkpoint_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE organizations ADD COLUMN checkpoint_at INTEGER;
-- A checkpoint: the mac of the row seq, as it was signed.
CREATE TABLE audit_checkpoints (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    seq INTEGER NOT NULL,
    mac BLOB NOT NULL,
    jws TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_checkpoints_created_at ON audit_checkpoints (created_at);
