-- What is revoked stays so: it proves itself by nothing and goes nowhere.
UPDATE apps SET auth_method = 'client_secret', jwks = NULL, jwks_url = NULL, secret_hash = x'',
    initiate_login_uri = NULL, backchannel_logout_uri = NULL, all_organizations = 0
    WHERE revoked_at IS NOT NULL;
DELETE FROM app_redirect_uris WHERE app_id IN (SELECT id FROM apps WHERE revoked_at IS NOT NULL);
DELETE FROM app_post_logout_redirect_uris WHERE app_id IN (SELECT id FROM apps WHERE revoked_at IS NOT NULL);
DELETE FROM app_organizations WHERE app_id IN (SELECT id FROM apps WHERE revoked_at IS NOT NULL);
DROP INDEX refresh_families_app_id;
ALTER TABLE apps DROP COLUMN keys_since;
ALTER TABLE apps DROP COLUMN former_secret_until;
ALTER TABLE apps DROP COLUMN former_secret_hash;
ALTER TABLE apps DROP COLUMN revoked_at;
