-- By what an alert is found that was owed already, and those that are to be forgotten.
CREATE INDEX outbox_alerts ON outbox (org_id, kind, created_at);
