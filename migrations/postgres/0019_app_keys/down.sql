DROP TABLE app_assertions;
ALTER TABLE apps DROP COLUMN jwks_url;
ALTER TABLE apps DROP COLUMN jwks;
ALTER TABLE apps DROP COLUMN auth_method;
