-- Where an organization's events are posted to. url_sealed and the secrets are sealed; host is what of
-- the URL is shown. types are the names of events between spaces, with one before the first and one after
-- the last; none means all. by_operator says whose word the URL is: the operator's may be private where the settings
-- allow it. The secret before the present one signs, too, until former_until. failing_since is when the
-- first post failed after the last good one. Whoever posts for a webhook holds its lease until
-- leased_until; before and after, that is when somebody did last.
CREATE TABLE webhooks (
    org_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    url_sealed bytea NOT NULL,
    host text COLLATE "C" NOT NULL,
    types text COLLATE "C",
    format text COLLATE "C" NOT NULL,
    by_operator boolean NOT NULL,
    secret_sealed bytea NOT NULL,
    former_secret_sealed bytea,
    former_until bigint,
    state text COLLATE "C" NOT NULL,
    disabled_at bigint,
    disabled_cause text COLLATE "C",
    failing_since bigint,
    last_success_at bigint,
    lease uuid,
    leased_until bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (org_id, id)
);
-- One event that is owed to one webhook, or was. seq is the event's number, 0 for a test. What was not
-- tried yet is due since ever, so that it goes by its number. last_status is none where nobody answered.
CREATE TABLE webhook_deliveries (
    org_id uuid NOT NULL,
    webhook_id uuid NOT NULL,
    event_id uuid NOT NULL,
    seq bigint NOT NULL,
    type text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    attempts bigint NOT NULL,
    due_at bigint NOT NULL,
    last_status bigint,
    last_reply text COLLATE "C",
    last_tried_at bigint,
    created_at bigint NOT NULL,
    finished_at bigint,
    PRIMARY KEY (org_id, webhook_id, event_id),
    FOREIGN KEY (org_id, webhook_id) REFERENCES webhooks (org_id, id)
);
CREATE INDEX webhook_deliveries_due_at ON webhook_deliveries (org_id, webhook_id, due_at, seq)
    WHERE finished_at IS NULL;
CREATE INDEX webhook_deliveries_state ON webhook_deliveries (org_id, webhook_id, state, event_id);
CREATE INDEX webhook_deliveries_finished_at ON webhook_deliveries (state, finished_at)
    WHERE finished_at IS NOT NULL;
