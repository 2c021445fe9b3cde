DROP INDEX scim_requests_strangers;
