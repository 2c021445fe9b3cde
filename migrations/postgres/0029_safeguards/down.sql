DROP INDEX users_managed_by;
DROP TABLE safeguard_settings;
DROP TABLE waivers;
DROP TABLE safeguards;
DROP TABLE safeguard_marks;
