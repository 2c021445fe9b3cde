DROP TRIGGER scim_totals ON connections;
DROP FUNCTION begin_scim_totals;
DROP TRIGGER scim_totals ON scim_users;
DROP FUNCTION count_scim_users;
DROP TRIGGER scim_totals ON scim_groups;
DROP FUNCTION count_scim_groups;
DROP TABLE scim_totals;
