ALTER TABLE connections DROP COLUMN demands;
