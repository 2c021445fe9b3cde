DROP TABLE saml_logouts;
ALTER TABLE connections DROP COLUMN single_logout;
DROP INDEX sessions_name_id;
ALTER TABLE sessions DROP COLUMN sp_name_qualifier;
ALTER TABLE sessions DROP COLUMN name_qualifier;
ALTER TABLE sessions DROP COLUMN name_id_format;
ALTER TABLE sessions DROP COLUMN name_id;
