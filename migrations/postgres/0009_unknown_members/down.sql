ALTER TABLE connections DROP COLUMN tolerate_unknown_members;
