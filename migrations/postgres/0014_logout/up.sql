-- Where an app may have a browser sent that has signed out.
CREATE TABLE app_post_logout_redirect_uris (
    app_id uuid NOT NULL REFERENCES apps (id),
    uri text COLLATE "C" NOT NULL,
    PRIMARY KEY (app_id, uri)
);

-- What apps were told of sessions is forgotten some time after.
CREATE INDEX outbox_logouts_finished_at ON outbox (finished_at) WHERE kind = 'logout';
