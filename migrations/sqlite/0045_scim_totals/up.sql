-- How many resources each connection's directory has pushed, so that no list counts them for its total. The tables keep
-- it themselves.
CREATE TABLE scim_totals (
    org_id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    users INTEGER NOT NULL,
    groups INTEGER NOT NULL,
    PRIMARY KEY (org_id, connection_id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO scim_totals (org_id, connection_id, users, groups)
SELECT org_id, id,
    (SELECT count(*) FROM scim_users AS u WHERE u.org_id = c.org_id AND u.connection_id = c.id),
    (SELECT count(*) FROM scim_groups AS g WHERE g.org_id = c.org_id AND g.connection_id = c.id)
FROM connections AS c;

CREATE TRIGGER connections_totals AFTER INSERT ON connections
BEGIN INSERT INTO scim_totals (org_id, connection_id, users, groups) VALUES (NEW.org_id, NEW.id, 0, 0); END;
CREATE TRIGGER scim_users_total_insert AFTER INSERT ON scim_users
BEGIN UPDATE scim_totals SET users = users + 1 WHERE org_id = NEW.org_id AND connection_id = NEW.connection_id; END;
CREATE TRIGGER scim_users_total_delete AFTER DELETE ON scim_users
BEGIN UPDATE scim_totals SET users = users - 1 WHERE org_id = OLD.org_id AND connection_id = OLD.connection_id; END;
CREATE TRIGGER scim_groups_total_insert AFTER INSERT ON scim_groups
BEGIN UPDATE scim_totals SET groups = groups + 1 WHERE org_id = NEW.org_id AND connection_id = NEW.connection_id; END;
CREATE TRIGGER scim_groups_total_delete AFTER DELETE ON scim_groups
BEGIN UPDATE scim_totals SET groups = groups - 1 WHERE org_id = OLD.org_id AND connection_id = OLD.connection_id; END;
