-- When somebody goes whose connection was removed with that word, unless they are let in again.
ALTER TABLE users ADD COLUMN delete_at bigint;
CREATE INDEX users_delete_at ON users (delete_at) WHERE delete_at IS NOT NULL;
