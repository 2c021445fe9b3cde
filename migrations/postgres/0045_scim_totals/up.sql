-- How many resources each connection's directory has pushed, so that no list counts them for its total. The tables keep
-- it themselves.
CREATE TABLE scim_totals (
    org_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    users bigint NOT NULL,
    groups bigint NOT NULL,
    PRIMARY KEY (org_id, connection_id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id) ON DELETE CASCADE
);
INSERT INTO scim_totals (org_id, connection_id, users, groups)
SELECT org_id, id,
    (SELECT count(*) FROM scim_users AS u WHERE u.org_id = c.org_id AND u.connection_id = c.id),
    (SELECT count(*) FROM scim_groups AS g WHERE g.org_id = c.org_id AND g.connection_id = c.id)
FROM connections AS c;

CREATE FUNCTION begin_scim_totals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO scim_totals (org_id, connection_id, users, groups) VALUES (NEW.org_id, NEW.id, 0, 0);
    RETURN NULL;
END $$;
CREATE TRIGGER scim_totals AFTER INSERT ON connections FOR EACH ROW EXECUTE FUNCTION begin_scim_totals();
CREATE FUNCTION count_scim_users() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE scim_totals SET users = users + 1 WHERE org_id = NEW.org_id AND connection_id = NEW.connection_id;
    ELSE
        UPDATE scim_totals SET users = users - 1 WHERE org_id = OLD.org_id AND connection_id = OLD.connection_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER scim_totals AFTER INSERT OR DELETE ON scim_users FOR EACH ROW EXECUTE FUNCTION count_scim_users();
CREATE FUNCTION count_scim_groups() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE scim_totals SET groups = groups + 1 WHERE org_id = NEW.org_id AND connection_id = NEW.connection_id;
    ELSE
        UPDATE scim_totals SET groups = groups - 1 WHERE org_id = OLD.org_id AND connection_id = OLD.connection_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER scim_totals AFTER INSERT OR DELETE ON scim_groups FOR EACH ROW EXECUTE FUNCTION count_scim_groups();
