-- Roles of many people that are computed by rules that changed: whose are still to be, batch by batch.
CREATE TABLE recomputes (
    org_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    started_at bigint NOT NULL,
    actor text COLLATE "C" NOT NULL,
    cause text COLLATE "C" NOT NULL,
    people bigint NOT NULL,
    done bigint NOT NULL DEFAULT 0,
    finished_at bigint,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX recomputes_open ON recomputes (org_id, id) WHERE finished_at IS NULL;
CREATE TABLE recompute_people (
    org_id uuid NOT NULL,
    recompute_id uuid NOT NULL,
    user_id uuid NOT NULL,
    PRIMARY KEY (org_id, recompute_id, user_id),
    FOREIGN KEY (org_id, recompute_id) REFERENCES recomputes (org_id, id)
);
CREATE INDEX mappings_bound ON mappings (org_id, bound_group_id) WHERE bound_group_id IS NOT NULL;
