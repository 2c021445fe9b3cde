-- SCIM schemas that an organization registered. Each connection carries a copy, so that a request
-- learns of them with the connection itself.
ALTER TABLE organizations ADD COLUMN schemas TEXT NOT NULL DEFAULT '[]';
ALTER TABLE connections ADD COLUMN schemas TEXT NOT NULL DEFAULT '[]';
