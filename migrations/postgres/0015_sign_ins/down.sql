ALTER TABLE connections DROP COLUMN testing;
DROP TABLE sign_ins;
