DROP INDEX trusted_domains_domain;
DROP INDEX saml_requests_expires_at;
DROP INDEX saml_requests_browser;
ALTER TABLE saml_requests DROP COLUMN fresh_since;
