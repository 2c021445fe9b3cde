DROP TRIGGER connections_totals;
DROP TRIGGER scim_users_total_insert;
DROP TRIGGER scim_users_total_delete;
DROP TRIGGER scim_groups_total_insert;
DROP TRIGGER scim_groups_total_delete;
DROP TABLE scim_totals;
