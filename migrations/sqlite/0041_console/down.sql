DROP INDEX events_user;
DROP TABLE console_codes;
DROP TABLE console_links;
DROP TABLE console_sessions;
