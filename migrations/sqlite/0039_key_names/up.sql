-- What people call a key, and who issued it.
ALTER TABLE api_keys ADD COLUMN name TEXT;
ALTER TABLE api_keys ADD COLUMN actor TEXT;
