DROP INDEX sessions_identity_id;
DROP INDEX sessions_connection_id;
