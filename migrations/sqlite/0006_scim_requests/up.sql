-- What SCIM clients asked, without what may not be kept. The id is that of the request, which its
-- answer told. A connection that is gone leaves its requests behind.
CREATE TABLE scim_requests (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    time INTEGER NOT NULL,
    token_id BLOB,
    token TEXT,
    client TEXT,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    query TEXT,
    headers TEXT NOT NULL,
    body TEXT,
    body_bytes INTEGER NOT NULL,
    omitted TEXT,
    dropped TEXT NOT NULL,
    status INTEGER NOT NULL,
    scim_type TEXT,
    detail TEXT,
    ignored TEXT,
    micros INTEGER NOT NULL,
    effects TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (org_id, id)
) STRICT;
CREATE INDEX scim_requests_connection_id ON scim_requests (org_id, connection_id, id);
CREATE INDEX scim_requests_time ON scim_requests (time);

-- Whom a request was about: ids of resources and of people, and hashes of names and addresses. By
-- it a person's requests are found, to be erased with the person.
CREATE TABLE scim_request_subjects (
    org_id BLOB NOT NULL,
    subject TEXT NOT NULL,
    request_id BLOB NOT NULL,
    PRIMARY KEY (org_id, subject, request_id),
    FOREIGN KEY (org_id, request_id) REFERENCES scim_requests (org_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX scim_request_subjects_request_id ON scim_request_subjects (org_id, request_id);

-- How many there were in each hour, kept or not.
CREATE TABLE scim_request_counts (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    connection_id BLOB NOT NULL,
    hour INTEGER NOT NULL,
    reads INTEGER NOT NULL,
    writes INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    strangers INTEGER NOT NULL,
    lost INTEGER NOT NULL,
    PRIMARY KEY (org_id, connection_id, hour)
) STRICT, WITHOUT ROWID;
CREATE INDEX scim_request_counts_hour ON scim_request_counts (hour);

-- The room that an organization's requests take.
CREATE TABLE scim_request_usage (
    org_id BLOB NOT NULL PRIMARY KEY REFERENCES organizations (id),
    bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX scim_request_usage_bytes ON scim_request_usage (bytes);
