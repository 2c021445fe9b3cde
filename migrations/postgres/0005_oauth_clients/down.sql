DROP TABLE oauth_assertions;
DROP TABLE oauth_access_tokens;
DROP TABLE oauth_clients;
