-- Whom a connection trusts, and our keys of it, are kept in memory, too.
CREATE TRIGGER connection_certificates_stamp_insert AFTER INSERT ON connection_certificates
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = NEW.org_id; END;
CREATE TRIGGER connection_certificates_stamp_update AFTER UPDATE ON connection_certificates
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = NEW.org_id; END;
CREATE TRIGGER connection_certificates_stamp_delete AFTER DELETE ON connection_certificates
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = OLD.org_id; END;
CREATE TRIGGER saml_keys_stamp_insert AFTER INSERT ON saml_keys
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = NEW.org_id; END;
CREATE TRIGGER saml_keys_stamp_update AFTER UPDATE ON saml_keys
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = NEW.org_id; END;
CREATE TRIGGER saml_keys_stamp_delete AFTER DELETE ON saml_keys
BEGIN UPDATE organizations SET settings_stamp = random() WHERE id = OLD.org_id; END;
