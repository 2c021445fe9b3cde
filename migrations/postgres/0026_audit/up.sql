-- The events are the audit log. mac chains each row to the one before it; salts are what the
-- commitments to personal values are made with, or the commitments themselves where a value is erased.
-- An organization keeps the last mac and a seal of it, the row at which its chain begins (base), sealed
-- too, and how far its last checkpoint goes. What was written before has no mac: see usher audit verify.
ALTER TABLE events ADD COLUMN salts text COLLATE "C";
ALTER TABLE events ADD COLUMN mac bytea;
ALTER TABLE organizations ADD COLUMN event_mac bytea;
ALTER TABLE organizations ADD COLUMN event_seal bytea;
ALTER TABLE organizations ADD COLUMN base_seq bigint;
ALTER TABLE organizations ADD COLUMN base_mac bytea;
ALTER TABLE organizations ADD COLUMN base_seal bytea;
ALTER TABLE organizations ADD COLUMN checkpoint_seq bigint NOT NULL DEFAULT 0;
ALTER TABLE organizations ADD COLUMN checkpoint_at bigint;
-- A checkpoint: the mac of the row seq, as it was signed.
CREATE TABLE audit_checkpoints (
    org_id uuid NOT NULL REFERENCES organizations (id),
    seq bigint NOT NULL,
    mac bytea NOT NULL,
    jws text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (org_id, seq)
);
CREATE INDEX audit_checkpoints_created_at ON audit_checkpoints (created_at);
