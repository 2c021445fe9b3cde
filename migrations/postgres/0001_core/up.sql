-- The first release's core. Time is microseconds since 1970 in UTC; text compares by bytes.

CREATE TABLE instance (
    id bigint PRIMARY KEY CHECK (id = 1),
    check_value bytea NOT NULL,
    data_keys bytea NOT NULL,
    created_at bigint NOT NULL
);

CREATE TABLE signing_keys (
    kid text COLLATE "C" NOT NULL PRIMARY KEY,
    alg text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (state IN ('next', 'current', 'retired')),
    public jsonb NOT NULL,
    sealed bytea NOT NULL,
    created_at bigint NOT NULL
);

CREATE TABLE organizations (
    id uuid NOT NULL PRIMARY KEY,
    slug text COLLATE "C" NOT NULL UNIQUE,
    name text COLLATE "C" NOT NULL,
    default_role_id uuid NOT NULL,
    event_seq bigint NOT NULL,
    created_at bigint NOT NULL
);

CREATE TABLE roles (
    org_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    slug text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    rank bigint NOT NULL CHECK (rank BETWEEN 1 AND 100),
    created_at bigint NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, slug),
    UNIQUE (org_id, rank)
);

CREATE TABLE projects (
    org_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    slug text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    archived_at bigint,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, slug)
);

CREATE TABLE apps (
    id uuid NOT NULL PRIMARY KEY,
    client_id text COLLATE "C" NOT NULL UNIQUE,
    secret_hash bytea NOT NULL,
    name text COLLATE "C" NOT NULL,
    audience text COLLATE "C" NOT NULL,
    id_token_alg text COLLATE "C" NOT NULL CHECK (id_token_alg IN ('ES256', 'RS256')),
    initiate_login_uri text COLLATE "C",
    backchannel_logout_uri text COLLATE "C",
    all_organizations boolean NOT NULL,
    created_at bigint NOT NULL
);

CREATE TABLE app_redirect_uris (
    app_id uuid NOT NULL REFERENCES apps (id),
    uri text COLLATE "C" NOT NULL,
    PRIMARY KEY (app_id, uri)
);

CREATE TABLE app_launch_urls (
    app_id uuid NOT NULL REFERENCES apps (id),
    url text COLLATE "C" NOT NULL,
    PRIMARY KEY (app_id, url)
);

CREATE TABLE app_organizations (
    app_id uuid NOT NULL REFERENCES apps (id),
    org_id uuid NOT NULL REFERENCES organizations (id),
    PRIMARY KEY (app_id, org_id)
);

CREATE TABLE api_keys (
    id uuid NOT NULL PRIMARY KEY,
    hash bytea NOT NULL UNIQUE,
    org_id uuid REFERENCES organizations (id),
    scopes text COLLATE "C" NOT NULL,
    prefix text COLLATE "C" NOT NULL,
    last4 text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint,
    revoked_at bigint,
    last_used_at bigint
);

CREATE TABLE connections (
    org_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL UNIQUE,
    name text COLLATE "C" NOT NULL,
    name_folded text COLLATE "C" NOT NULL,
    profile text COLLATE "C" NOT NULL,
    strictness text COLLATE "C" NOT NULL,
    jit text COLLATE "C" NOT NULL,
    mode text COLLATE "C" NOT NULL,
    safeguard text COLLATE "C" NOT NULL,
    default_role_id uuid,
    max_role_id uuid NOT NULL,
    app_id uuid REFERENCES apps (id),
    state text COLLATE "C" NOT NULL,
    owner_confirmed_at bigint,
    idp_initiated boolean NOT NULL,
    idp_entity_id text COLLATE "C",
    sso_url text COLLATE "C",
    metadata text COLLATE "C",
    scim_since bigint,
    scim_groups_since bigint,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, name_folded),
    FOREIGN KEY (org_id, default_role_id) REFERENCES roles (org_id, id),
    FOREIGN KEY (org_id, max_role_id) REFERENCES roles (org_id, id)
);

CREATE TABLE connection_certificates (
    org_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    der bytea NOT NULL,
    not_after bigint NOT NULL,
    PRIMARY KEY (org_id, connection_id, fingerprint),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id)
);

CREATE TABLE trusted_domains (
    org_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    domain text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL CHECK (source IN ('operator', 'dns')),
    created_at bigint NOT NULL,
    PRIMARY KEY (org_id, connection_id, domain),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id)
);

CREATE TABLE scim_tokens (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    hash bytea NOT NULL UNIQUE,
    connection_id uuid NOT NULL,
    prefix text COLLATE "C" NOT NULL,
    last4 text COLLATE "C" NOT NULL,
    scopes text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint,
    revoked_at bigint,
    last_used_at bigint,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id)
);

CREATE TABLE users (
    org_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    email text COLLATE "C",
    email_norm text COLLATE "C",
    display_name text COLLATE "C",
    given_name text COLLATE "C",
    family_name text COLLATE "C",
    managed_by uuid,
    provisional_since bigint,
    suspended_by_directory_at bigint,
    suspended_by_admin_at bigint,
    suspended_by_expiry_at bigint,
    deleted_at bigint,
    erased_at bigint,
    last_connection_id uuid,
    last_external_id text COLLATE "C",
    last_user_name_folded text COLLATE "C",
    email_changed_at bigint,
    owner boolean NOT NULL,
    role_id uuid,
    roles_version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, managed_by) REFERENCES connections (org_id, id),
    FOREIGN KEY (org_id, role_id) REFERENCES roles (org_id, id)
);
CREATE UNIQUE INDEX users_org_id_email_norm ON users (org_id, email_norm)
    WHERE email_norm IS NOT NULL AND deleted_at IS NULL AND erased_at IS NULL;
CREATE UNIQUE INDEX users_org_id_owner ON users (org_id) WHERE owner;
CREATE INDEX users_org_id_last_external_id ON users (org_id, last_connection_id, last_external_id)
    WHERE deleted_at IS NOT NULL;

CREATE TABLE user_projects (
    org_id uuid NOT NULL,
    user_id uuid NOT NULL,
    project_id uuid NOT NULL,
    role_id uuid NOT NULL,
    PRIMARY KEY (org_id, user_id, project_id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id),
    FOREIGN KEY (org_id, project_id) REFERENCES projects (org_id, id),
    FOREIGN KEY (org_id, role_id) REFERENCES roles (org_id, id)
);

CREATE TABLE scim_users (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    user_id uuid,
    proposed_user_id uuid,
    user_name text COLLATE "C" NOT NULL,
    user_name_folded text COLLATE "C" NOT NULL,
    external_id text COLLATE "C",
    active boolean NOT NULL,
    display_name_folded text COLLATE "C",
    email_folded text COLLATE "C",
    document jsonb NOT NULL,
    search jsonb NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, connection_id, user_name_folded),
    UNIQUE (org_id, connection_id, user_id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE INDEX scim_users_external_id ON scim_users (org_id, connection_id, external_id);
CREATE INDEX scim_users_connection_id ON scim_users (org_id, connection_id, id);
CREATE INDEX scim_users_email_folded ON scim_users (org_id, connection_id, email_folded);
CREATE INDEX scim_users_display_name ON scim_users (org_id, connection_id, display_name_folded);
CREATE INDEX scim_users_updated_at ON scim_users (org_id, connection_id, updated_at);
CREATE INDEX scim_users_employee_number ON scim_users (org_id, connection_id,
    (search ->> 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber'));

CREATE TABLE scim_values (
    org_id uuid NOT NULL,
    scim_user_id uuid NOT NULL,
    path text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    folded text COLLATE "C",
    element jsonb NOT NULL,
    PRIMARY KEY (org_id, scim_user_id, path, position),
    FOREIGN KEY (org_id, scim_user_id) REFERENCES scim_users (org_id, id) ON DELETE CASCADE
);
CREATE INDEX scim_values_folded ON scim_values (org_id, path, folded);

CREATE TABLE scim_groups (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    display_name text COLLATE "C" NOT NULL,
    display_name_folded text COLLATE "C" NOT NULL,
    external_id text COLLATE "C",
    document jsonb NOT NULL,
    search jsonb NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, connection_id, display_name_folded),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id)
);
CREATE INDEX scim_groups_external_id ON scim_groups (org_id, connection_id, external_id);
CREATE INDEX scim_groups_connection_id ON scim_groups (org_id, connection_id, id);

CREATE TABLE scim_members (
    org_id uuid NOT NULL,
    group_id uuid NOT NULL,
    member_id uuid NOT NULL,
    member_is_group boolean NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (org_id, group_id, member_id),
    FOREIGN KEY (org_id, group_id) REFERENCES scim_groups (org_id, id) ON DELETE CASCADE
);
CREATE INDEX scim_members_member_id ON scim_members (org_id, member_id);

CREATE TABLE mappings (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    match_kind text COLLATE "C" NOT NULL CHECK (match_kind IN ('id', 'external_id', 'name')),
    match_text text COLLATE "C" NOT NULL,
    match_folded text COLLATE "C" NOT NULL,
    bound_group_id uuid,
    role_id uuid NOT NULL,
    position bigint NOT NULL,
    enabled boolean NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id),
    FOREIGN KEY (org_id, role_id) REFERENCES roles (org_id, id)
);
CREATE INDEX mappings_connection_id ON mappings (org_id, connection_id, match_folded);

CREATE TABLE mapping_projects (
    org_id uuid NOT NULL,
    mapping_id uuid NOT NULL,
    project_id uuid NOT NULL,
    PRIMARY KEY (org_id, mapping_id, project_id),
    FOREIGN KEY (org_id, mapping_id) REFERENCES mappings (org_id, id) ON DELETE CASCADE,
    FOREIGN KEY (org_id, project_id) REFERENCES projects (org_id, id)
);

CREATE TABLE grants (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    role_id uuid NOT NULL,
    source text COLLATE "C" NOT NULL,
    source_ref text COLLATE "C" NOT NULL,
    granted_at bigint NOT NULL,
    cause text COLLATE "C" NOT NULL,
    ends_at bigint,
    retired_at bigint,
    retired_cause text COLLATE "C",
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id),
    FOREIGN KEY (org_id, role_id) REFERENCES roles (org_id, id)
);
CREATE UNIQUE INDEX grants_live ON grants (org_id, user_id, source, source_ref)
    WHERE retired_at IS NULL;

CREATE TABLE grant_projects (
    org_id uuid NOT NULL,
    grant_id uuid NOT NULL,
    project_id uuid NOT NULL,
    PRIMARY KEY (org_id, grant_id, project_id),
    FOREIGN KEY (org_id, grant_id) REFERENCES grants (org_id, id) ON DELETE CASCADE,
    FOREIGN KEY (org_id, project_id) REFERENCES projects (org_id, id)
);

CREATE TABLE identities (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    subject_key text COLLATE "C" NOT NULL,
    user_id uuid NOT NULL,
    name_id text COLLATE "C",
    format text COLLATE "C",
    name_qualifier text COLLATE "C",
    sp_name_qualifier text COLLATE "C",
    email_norm text COLLATE "C",
    group_values jsonb,
    groups_known_at bigint,
    confirmed_by uuid,
    created_at bigint NOT NULL,
    last_seen_at bigint NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, connection_id, subject_key),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE INDEX identities_user_id ON identities (org_id, user_id);

CREATE TABLE saml_requests (
    org_id uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    connection_id uuid NOT NULL,
    browser_hash bytea NOT NULL,
    relay text COLLATE "C",
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id)
);

CREATE TABLE saml_replays (
    org_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    message_id text COLLATE "C" NOT NULL,
    expires_at bigint NOT NULL,
    session_hash bytea,
    PRIMARY KEY (org_id, connection_id, message_id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id)
);
CREATE INDEX saml_replays_expires_at ON saml_replays (expires_at);

CREATE TABLE sessions (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    hash bytea NOT NULL UNIQUE,
    user_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    identity_id uuid NOT NULL,
    session_index text COLLATE "C",
    context_class text COLLATE "C",
    authenticated_at bigint NOT NULL,
    created_at bigint NOT NULL,
    last_seen_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    ended_at bigint,
    ended_cause text COLLATE "C",
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id),
    FOREIGN KEY (org_id, identity_id) REFERENCES identities (org_id, id)
);
CREATE INDEX sessions_user_id ON sessions (org_id, user_id);

CREATE TABLE codes (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    hash bytea NOT NULL UNIQUE,
    session_id uuid NOT NULL,
    app_id uuid NOT NULL REFERENCES apps (id),
    redirect_uri text COLLATE "C" NOT NULL,
    challenge text COLLATE "C" NOT NULL,
    nonce text COLLATE "C",
    scope text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, session_id) REFERENCES sessions (org_id, id)
);
CREATE INDEX codes_session_id ON codes (org_id, session_id);

CREATE TABLE events (
    org_id uuid NOT NULL REFERENCES organizations (id),
    seq bigint NOT NULL,
    id uuid NOT NULL UNIQUE,
    type text COLLATE "C" NOT NULL,
    visibility text COLLATE "C" NOT NULL CHECK (visibility IN ('feed', 'admin')),
    time bigint NOT NULL,
    actor text COLLATE "C" NOT NULL,
    cause text COLLATE "C" NOT NULL,
    data jsonb NOT NULL,
    PRIMARY KEY (org_id, seq)
);

ALTER TABLE organizations ADD FOREIGN KEY (id, default_role_id) REFERENCES roles (org_id, id)
    DEFERRABLE INITIALLY DEFERRED;
