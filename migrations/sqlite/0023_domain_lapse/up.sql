-- Who looks for a domain's record holds a lease; held_until says until when nobody else looks: while
-- it lasts, and for a moment after. One that is verified is looked at again at due_at, or at once where
-- there is none. missing_since and absences are when its record was first found to be gone, and how
-- often since; both are as new where it is there again.
ALTER TABLE domain_proofs ADD COLUMN lease BLOB;
ALTER TABLE domain_proofs ADD COLUMN held_until INTEGER;
ALTER TABLE domain_proofs ADD COLUMN due_at INTEGER;
ALTER TABLE domain_proofs ADD COLUMN missing_since INTEGER;
ALTER TABLE domain_proofs ADD COLUMN absences INTEGER NOT NULL DEFAULT 0;
CREATE INDEX domain_proofs_due_at ON domain_proofs (due_at) WHERE verified_at IS NOT NULL;
