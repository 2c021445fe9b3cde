-- A number that is another one after any change of what requests look up again and again: the roles, projects, rules
-- connections and webhooks of an organization, and who may call it. Whoever keeps such things in memory asks for this number
-- alone. It is drawn, not counted, so that what was rolled back never comes again; and the tables draw it themselves,
-- so that nobody forgets to.
ALTER TABLE organizations ADD COLUMN settings_stamp INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER organizations_stamp AFTER UPDATE OF default_role_id, policy, policy_rev, schemas ON organizations
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = NEW.id; END;
CREATE TRIGGER connections_stamp_insert AFTER INSERT ON connections
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = NEW.org_id; END;
CREATE TRIGGER connections_stamp_update AFTER UPDATE ON connections
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = NEW.org_id; END;
CREATE TRIGGER connections_stamp_delete AFTER DELETE ON connections
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = OLD.org_id; END;
CREATE TRIGGER mapping_projects_stamp_insert AFTER INSERT ON mapping_projects
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = NEW.org_id; END;
CREATE TRIGGER mapping_projects_stamp_update AFTER UPDATE ON mapping_projects
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = NEW.org_id; END;
CREATE TRIGGER mapping_projects_stamp_delete AFTER DELETE ON mapping_projects
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = OLD.org_id; END;
CREATE TRIGGER mappings_stamp_insert AFTER INSERT ON mappings
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = NEW.org_id; END;
CREATE TRIGGER mappings_stamp_update AFTER UPDATE ON mappings
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = NEW.org_id; END;
CREATE TRIGGER mappings_stamp_delete AFTER DELETE ON mappings
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = OLD.org_id; END;
CREATE TRIGGER projects_stamp_insert AFTER INSERT ON projects
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = NEW.org_id; END;
CREATE TRIGGER projects_stamp_update AFTER UPDATE ON projects
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = NEW.org_id; END;
CREATE TRIGGER projects_stamp_delete AFTER DELETE ON projects
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = OLD.org_id; END;
CREATE TRIGGER roles_stamp_insert AFTER INSERT ON roles
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = NEW.org_id; END;
CREATE TRIGGER roles_stamp_update AFTER UPDATE ON roles
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = NEW.org_id; END;
CREATE TRIGGER roles_stamp_delete AFTER DELETE ON roles
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = OLD.org_id; END;
CREATE TRIGGER scim_tokens_stamp_update AFTER UPDATE OF org_id, hash, connection_id, scopes, expires_at, revoked_at ON scim_tokens
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = NEW.org_id; END;
CREATE TRIGGER scim_tokens_stamp_delete AFTER DELETE ON scim_tokens
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = OLD.org_id; END;
CREATE TRIGGER webhooks_stamp_insert AFTER INSERT ON webhooks
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = NEW.org_id; END;
CREATE TRIGGER webhooks_stamp_delete AFTER DELETE ON webhooks
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = OLD.org_id; END;
