ALTER TABLE connections DROP COLUMN awaits_operator;
ALTER TABLE connections DROP COLUMN went_live_at;
