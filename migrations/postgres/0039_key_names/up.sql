-- What people call a key, and who issued it.
ALTER TABLE api_keys ADD COLUMN name text COLLATE "C";
ALTER TABLE api_keys ADD COLUMN actor text COLLATE "C";
