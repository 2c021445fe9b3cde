-- A number that is another one after any change of what requests look up again and again: the roles, projects, rules
-- connections and webhooks of an organization, and who may call it. Whoever keeps such things in memory asks for this number
-- alone. It is drawn, not counted, so that what was rolled back never comes again; and the tables draw it themselves,
-- so that nobody forgets to.
ALTER TABLE organizations ADD COLUMN settings_stamp bigint NOT NULL DEFAULT 0;

CREATE FUNCTION draw_settings_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE organizations
    SET settings_stamp = ('x' || translate(left(gen_random_uuid()::text, 18), '-', ''))::bit(64)::bigint
    WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.org_id ELSE NEW.org_id END;
    RETURN NULL;
END $$;
CREATE FUNCTION draw_own_settings_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.settings_stamp := ('x' || translate(left(gen_random_uuid()::text, 18), '-', ''))::bit(64)::bigint;
    RETURN NEW;
END $$;

CREATE TRIGGER settings_stamp BEFORE UPDATE OF default_role_id, policy, policy_rev, schemas ON organizations
    FOR EACH ROW EXECUTE FUNCTION draw_own_settings_stamp();
CREATE TRIGGER settings_stamp AFTER INSERT OR UPDATE OR DELETE ON connections
    FOR EACH ROW EXECUTE FUNCTION draw_settings_stamp();
CREATE TRIGGER settings_stamp AFTER INSERT OR UPDATE OR DELETE ON mapping_projects
    FOR EACH ROW EXECUTE FUNCTION draw_settings_stamp();
CREATE TRIGGER settings_stamp AFTER INSERT OR UPDATE OR DELETE ON mappings
    FOR EACH ROW EXECUTE FUNCTION draw_settings_stamp();
CREATE TRIGGER settings_stamp AFTER INSERT OR UPDATE OR DELETE ON projects
    FOR EACH ROW EXECUTE FUNCTION draw_settings_stamp();
CREATE TRIGGER settings_stamp AFTER INSERT OR UPDATE OR DELETE ON roles
    FOR EACH ROW EXECUTE FUNCTION draw_settings_stamp();
CREATE TRIGGER settings_stamp AFTER UPDATE OF org_id, hash, connection_id, scopes, expires_at, revoked_at OR DELETE ON scim_tokens
    FOR EACH ROW EXECUTE FUNCTION draw_settings_stamp();
CREATE TRIGGER settings_stamp AFTER INSERT OR DELETE ON webhooks
    FOR EACH ROW EXECUTE FUNCTION draw_settings_stamp();
