DROP INDEX domain_proofs_due_at;
ALTER TABLE domain_proofs DROP COLUMN absences;
ALTER TABLE domain_proofs DROP COLUMN missing_since;
ALTER TABLE domain_proofs DROP COLUMN due_at;
ALTER TABLE domain_proofs DROP COLUMN held_until;
ALTER TABLE domain_proofs DROP COLUMN lease;
