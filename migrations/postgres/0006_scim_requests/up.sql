-- What SCIM clients asked, without what may not be kept. The id is that of the request, which its
-- answer told. A connection that is gone leaves its requests behind.
CREATE TABLE scim_requests (
    org_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    time bigint NOT NULL,
    token_id uuid,
    token text COLLATE "C",
    client text COLLATE "C",
    method text COLLATE "C" NOT NULL,
    path text COLLATE "C" NOT NULL,
    query text COLLATE "C",
    headers text COLLATE "C" NOT NULL,
    body text COLLATE "C",
    body_bytes bigint NOT NULL,
    omitted text COLLATE "C",
    dropped text COLLATE "C" NOT NULL,
    status bigint NOT NULL,
    scim_type text COLLATE "C",
    detail text COLLATE "C",
    ignored text COLLATE "C",
    micros bigint NOT NULL,
    effects text COLLATE "C" NOT NULL,
    bytes bigint NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX scim_requests_connection_id ON scim_requests (org_id, connection_id, id);
CREATE INDEX scim_requests_time ON scim_requests (time);

-- Whom a request was about: ids of resources and of people, and hashes of names and addresses. By
-- it a person's requests are found, to be erased with the person.
CREATE TABLE scim_request_subjects (
    org_id uuid NOT NULL,
    subject text COLLATE "C" NOT NULL,
    request_id uuid NOT NULL,
    PRIMARY KEY (org_id, subject, request_id),
    FOREIGN KEY (org_id, request_id) REFERENCES scim_requests (org_id, id) ON DELETE CASCADE
);
CREATE INDEX scim_request_subjects_request_id ON scim_request_subjects (org_id, request_id);

-- How many there were in each hour, kept or not.
CREATE TABLE scim_request_counts (
    org_id uuid NOT NULL REFERENCES organizations (id),
    connection_id uuid NOT NULL,
    hour bigint NOT NULL,
    reads bigint NOT NULL,
    writes bigint NOT NULL,
    refused bigint NOT NULL,
    strangers bigint NOT NULL,
    lost bigint NOT NULL,
    PRIMARY KEY (org_id, connection_id, hour)
);
CREATE INDEX scim_request_counts_hour ON scim_request_counts (hour);

-- The room that an organization's requests take.
CREATE TABLE scim_request_usage (
    org_id uuid NOT NULL PRIMARY KEY REFERENCES organizations (id),
    bytes bigint NOT NULL
);
CREATE INDEX scim_request_usage_bytes ON scim_request_usage (bytes);
