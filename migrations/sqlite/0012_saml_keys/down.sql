ALTER TABLE connections DROP COLUMN idp_endpoints;
ALTER TABLE connections DROP COLUMN allow_cbc;
ALTER TABLE connections DROP COLUMN sign_requests;
DROP TABLE saml_keys;
