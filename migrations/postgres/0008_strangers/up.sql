-- Requests without a good token are found by themselves: they go first where the log is full.
CREATE INDEX scim_requests_strangers ON scim_requests (org_id, id) WHERE token_id IS NULL;
