-- Where an organization's events are posted to. url_sealed and the secrets are sealed; host is what of
-- the URL is shown. types are the names of events between spaces, with one before the first and one after
-- the last; none means all. by_operator says whose word the URL is: the operator's may be private where the settings
-- allow it. The secret before the present one signs, too, until former_until. failing_since is when the
-- first post failed after the last good one. Whoever posts for a webhook holds its lease until
-- leased_until; before and after, that is when somebody did last.
CREATE TABLE webhooks (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    url_sealed BLOB NOT NULL,
    host TEXT NOT NULL,
    types TEXT,
    format TEXT NOT NULL,
    by_operator INTEGER NOT NULL,
    secret_sealed BLOB NOT NULL,
    former_secret_sealed BLOB,
    former_until INTEGER,
    state TEXT NOT NULL,
    disabled_at INTEGER,
    disabled_cause TEXT,
    failing_since INTEGER,
    last_success_at INTEGER,
    lease BLOB,
    leased_until INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
) STRICT, WITHOUT ROWID;
-- One event that is owed to one webhook, or was. seq is the event's number, 0 for a test. What was not
-- tried yet is due since ever, so that it goes by its number. last_status is none where nobody answered.
CREATE TABLE webhook_deliveries (
    org_id BLOB NOT NULL,
    webhook_id BLOB NOT NULL,
    event_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    type TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    last_status INTEGER,
    last_reply TEXT,
    last_tried_at INTEGER,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    PRIMARY KEY (org_id, webhook_id, event_id),
    FOREIGN KEY (org_id, webhook_id) REFERENCES webhooks (org_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_deliveries_due_at ON webhook_deliveries (org_id, webhook_id, due_at, seq)
    WHERE finished_at IS NULL;
CREATE INDEX webhook_deliveries_state ON webhook_deliveries (org_id, webhook_id, state, event_id);
CREATE INDEX webhook_deliveries_finished_at ON webhook_deliveries (state, finished_at)
    WHERE finished_at IS NOT NULL;
