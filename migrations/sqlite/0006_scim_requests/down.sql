DROP TABLE scim_request_usage;
DROP TABLE scim_request_counts;
DROP TABLE scim_request_subjects;
DROP TABLE scim_requests;
