-- Our requests to identity providers that are not answered yet: each for one browser, by the hash
-- of a cookie, and good for one answer. relay is the address of ours where the person goes then;
-- the person must have authenticated since fresh_since, where that is asked for.
ALTER TABLE saml_requests ADD COLUMN fresh_since INTEGER;
CREATE INDEX saml_requests_browser ON saml_requests (org_id, connection_id, browser_hash);
CREATE INDEX saml_requests_expires_at ON saml_requests (expires_at);

-- Whose sign-in an address's domain leads to.
CREATE INDEX trusted_domains_domain ON trusted_domains (domain);
