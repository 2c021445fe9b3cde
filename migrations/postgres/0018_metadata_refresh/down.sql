DROP INDEX connection_certificates_not_after;
DROP TABLE expiry_notices;
DROP TABLE metadata_refreshes;
