-- Whom a connection trusts, and our keys of it, are kept in memory, too.
CREATE TRIGGER settings_stamp AFTER INSERT OR UPDATE OR DELETE ON connection_certificates
    FOR EACH ROW EXECUTE FUNCTION draw_settings_stamp();
CREATE TRIGGER settings_stamp AFTER INSERT OR UPDATE OR DELETE ON saml_keys
    FOR EACH ROW EXECUTE FUNCTION draw_settings_stamp();
