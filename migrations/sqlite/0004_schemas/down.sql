ALTER TABLE connections DROP COLUMN schemas;
ALTER TABLE organizations DROP COLUMN schemas;
