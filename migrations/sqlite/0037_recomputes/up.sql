-- Roles of many people that are computed by rules that changed: whose are still to be, batch by batch.
CREATE TABLE recomputes (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    started_at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    cause TEXT NOT NULL,
    people INTEGER NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    finished_at INTEGER,
    PRIMARY KEY (org_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX recomputes_open ON recomputes (org_id, id) WHERE finished_at IS NULL;
CREATE TABLE recompute_people (
    org_id BLOB NOT NULL,
    recompute_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    PRIMARY KEY (org_id, recompute_id, user_id),
    FOREIGN KEY (org_id, recompute_id) REFERENCES recomputes (org_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX mappings_bound ON mappings (org_id, bound_group_id) WHERE bound_group_id IS NOT NULL;
