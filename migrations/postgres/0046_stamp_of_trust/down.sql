DROP TRIGGER settings_stamp ON connection_certificates;
DROP TRIGGER settings_stamp ON saml_keys;
