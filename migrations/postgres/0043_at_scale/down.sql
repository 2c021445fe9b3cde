DROP INDEX scim_users_user_id;
DROP INDEX safeguard_marks_user;
DROP TABLE safeguard_tallies;
