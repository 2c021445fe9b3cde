-- What a safeguard counted last of a connection, so that not every removal counts everybody: how many people within
-- the hour, never fewer than there are; of how many active ones, nought where few enough are few anyway; and when.
CREATE TABLE safeguard_tallies (
    org_id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    people INTEGER NOT NULL,
    active_people INTEGER NOT NULL,
    counted_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, connection_id, kind),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX safeguard_marks_user ON safeguard_marks (org_id, connection_id, kind, user_id, at);

-- Whose resources a person has: asked for at every change of somebody, and by the foreign key.
CREATE INDEX scim_users_user_id ON scim_users (org_id, user_id);
