-- The first release's core. Time is microseconds since 1970 in UTC; text compares by bytes.

CREATE TABLE instance (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    check_value BLOB NOT NULL,
    data_keys BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    alg TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('next', 'current', 'retired')),
    public TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE organizations (
    id BLOB NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    default_role_id BLOB NOT NULL,
    event_seq INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    FOREIGN KEY (id, default_role_id) REFERENCES roles (org_id, id)
        DEFERRABLE INITIALLY DEFERRED
) STRICT;

CREATE TABLE roles (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    rank INTEGER NOT NULL CHECK (rank BETWEEN 1 AND 100),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, slug),
    UNIQUE (org_id, rank)
) STRICT, WITHOUT ROWID;

CREATE TABLE projects (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    archived_at INTEGER,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, slug)
) STRICT, WITHOUT ROWID;

CREATE TABLE apps (
    id BLOB NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL UNIQUE,
    secret_hash BLOB NOT NULL,
    name TEXT NOT NULL,
    audience TEXT NOT NULL,
    id_token_alg TEXT NOT NULL CHECK (id_token_alg IN ('ES256', 'RS256')),
    initiate_login_uri TEXT,
    backchannel_logout_uri TEXT,
    all_organizations INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE app_redirect_uris (
    app_id BLOB NOT NULL REFERENCES apps (id),
    uri TEXT NOT NULL,
    PRIMARY KEY (app_id, uri)
) STRICT, WITHOUT ROWID;

CREATE TABLE app_launch_urls (
    app_id BLOB NOT NULL REFERENCES apps (id),
    url TEXT NOT NULL,
    PRIMARY KEY (app_id, url)
) STRICT, WITHOUT ROWID;

CREATE TABLE app_organizations (
    app_id BLOB NOT NULL REFERENCES apps (id),
    org_id BLOB NOT NULL REFERENCES organizations (id),
    PRIMARY KEY (app_id, org_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
    id BLOB NOT NULL PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    org_id BLOB REFERENCES organizations (id),
    scopes TEXT NOT NULL,
    prefix TEXT NOT NULL,
    last4 TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    last_used_at INTEGER
) STRICT;

CREATE TABLE connections (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    profile TEXT NOT NULL,
    strictness TEXT NOT NULL,
    jit TEXT NOT NULL,
    mode TEXT NOT NULL,
    safeguard TEXT NOT NULL,
    default_role_id BLOB,
    max_role_id BLOB NOT NULL,
    app_id BLOB REFERENCES apps (id),
    state TEXT NOT NULL,
    owner_confirmed_at INTEGER,
    idp_initiated INTEGER NOT NULL,
    idp_entity_id TEXT,
    sso_url TEXT,
    metadata TEXT,
    scim_since INTEGER,
    scim_groups_since INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, name_folded),
    FOREIGN KEY (org_id, default_role_id) REFERENCES roles (org_id, id),
    FOREIGN KEY (org_id, max_role_id) REFERENCES roles (org_id, id)
) STRICT;

CREATE TABLE connection_certificates (
    org_id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    fingerprint TEXT NOT NULL,
    der BLOB NOT NULL,
    not_after INTEGER NOT NULL,
    PRIMARY KEY (org_id, connection_id, fingerprint),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE trusted_domains (
    org_id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    domain TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('operator', 'dns')),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, connection_id, domain),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE scim_tokens (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    connection_id BLOB NOT NULL,
    prefix TEXT NOT NULL,
    last4 TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    last_used_at INTEGER,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id)
) STRICT;

CREATE TABLE users (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    email TEXT,
    email_norm TEXT,
    display_name TEXT,
    given_name TEXT,
    family_name TEXT,
    managed_by BLOB,
    provisional_since INTEGER,
    suspended_by_directory_at INTEGER,
    suspended_by_admin_at INTEGER,
    suspended_by_expiry_at INTEGER,
    deleted_at INTEGER,
    erased_at INTEGER,
    last_connection_id BLOB,
    last_external_id TEXT,
    last_user_name_folded TEXT,
    email_changed_at INTEGER,
    owner INTEGER NOT NULL,
    role_id BLOB,
    roles_version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, managed_by) REFERENCES connections (org_id, id),
    FOREIGN KEY (org_id, role_id) REFERENCES roles (org_id, id)
) STRICT;
CREATE UNIQUE INDEX users_org_id_email_norm ON users (org_id, email_norm)
    WHERE email_norm IS NOT NULL AND deleted_at IS NULL AND erased_at IS NULL;
CREATE UNIQUE INDEX users_org_id_owner ON users (org_id) WHERE owner;
CREATE INDEX users_org_id_last_external_id ON users (org_id, last_connection_id, last_external_id)
    WHERE deleted_at IS NOT NULL;

CREATE TABLE user_projects (
    org_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    project_id BLOB NOT NULL,
    role_id BLOB NOT NULL,
    PRIMARY KEY (org_id, user_id, project_id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id),
    FOREIGN KEY (org_id, project_id) REFERENCES projects (org_id, id),
    FOREIGN KEY (org_id, role_id) REFERENCES roles (org_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE scim_users (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    user_id BLOB,
    proposed_user_id BLOB,
    user_name TEXT NOT NULL,
    user_name_folded TEXT NOT NULL,
    external_id TEXT,
    active INTEGER NOT NULL,
    display_name_folded TEXT,
    email_folded TEXT,
    document TEXT NOT NULL,
    search TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, connection_id, user_name_folded),
    UNIQUE (org_id, connection_id, user_id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
) STRICT;
CREATE INDEX scim_users_external_id ON scim_users (org_id, connection_id, external_id);
CREATE INDEX scim_users_connection_id ON scim_users (org_id, connection_id, id);
CREATE INDEX scim_users_email_folded ON scim_users (org_id, connection_id, email_folded);
CREATE INDEX scim_users_display_name ON scim_users (org_id, connection_id, display_name_folded);
CREATE INDEX scim_users_updated_at ON scim_users (org_id, connection_id, updated_at);
CREATE INDEX scim_users_employee_number ON scim_users (org_id, connection_id,
    (search ->> 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber'));

CREATE TABLE scim_values (
    org_id BLOB NOT NULL,
    scim_user_id BLOB NOT NULL,
    path TEXT NOT NULL,
    position INTEGER NOT NULL,
    folded TEXT,
    element TEXT NOT NULL,
    PRIMARY KEY (org_id, scim_user_id, path, position),
    FOREIGN KEY (org_id, scim_user_id) REFERENCES scim_users (org_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX scim_values_folded ON scim_values (org_id, path, folded);

CREATE TABLE scim_groups (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    display_name TEXT NOT NULL,
    display_name_folded TEXT NOT NULL,
    external_id TEXT,
    document TEXT NOT NULL,
    search TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, connection_id, display_name_folded),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id)
) STRICT;
CREATE INDEX scim_groups_external_id ON scim_groups (org_id, connection_id, external_id);
CREATE INDEX scim_groups_connection_id ON scim_groups (org_id, connection_id, id);

CREATE TABLE scim_members (
    org_id BLOB NOT NULL,
    group_id BLOB NOT NULL,
    member_id BLOB NOT NULL,
    member_is_group INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, group_id, member_id),
    FOREIGN KEY (org_id, group_id) REFERENCES scim_groups (org_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX scim_members_member_id ON scim_members (org_id, member_id);

CREATE TABLE mappings (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    match_kind TEXT NOT NULL CHECK (match_kind IN ('id', 'external_id', 'name')),
    match_text TEXT NOT NULL,
    match_folded TEXT NOT NULL,
    bound_group_id BLOB,
    role_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    enabled INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id),
    FOREIGN KEY (org_id, role_id) REFERENCES roles (org_id, id)
) STRICT;
CREATE INDEX mappings_connection_id ON mappings (org_id, connection_id, match_folded);

CREATE TABLE mapping_projects (
    org_id BLOB NOT NULL,
    mapping_id BLOB NOT NULL,
    project_id BLOB NOT NULL,
    PRIMARY KEY (org_id, mapping_id, project_id),
    FOREIGN KEY (org_id, mapping_id) REFERENCES mappings (org_id, id) ON DELETE CASCADE,
    FOREIGN KEY (org_id, project_id) REFERENCES projects (org_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE grants (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    role_id BLOB NOT NULL,
    source TEXT NOT NULL,
    source_ref TEXT NOT NULL,
    granted_at INTEGER NOT NULL,
    cause TEXT NOT NULL,
    ends_at INTEGER,
    retired_at INTEGER,
    retired_cause TEXT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id),
    FOREIGN KEY (org_id, role_id) REFERENCES roles (org_id, id)
) STRICT;
CREATE UNIQUE INDEX grants_live ON grants (org_id, user_id, source, source_ref)
    WHERE retired_at IS NULL;

CREATE TABLE grant_projects (
    org_id BLOB NOT NULL,
    grant_id BLOB NOT NULL,
    project_id BLOB NOT NULL,
    PRIMARY KEY (org_id, grant_id, project_id),
    FOREIGN KEY (org_id, grant_id) REFERENCES grants (org_id, id) ON DELETE CASCADE,
    FOREIGN KEY (org_id, project_id) REFERENCES projects (org_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE identities (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    subject_key TEXT NOT NULL,
    user_id BLOB NOT NULL,
    name_id TEXT,
    format TEXT,
    name_qualifier TEXT,
    sp_name_qualifier TEXT,
    email_norm TEXT,
    group_values TEXT,
    groups_known_at INTEGER,
    confirmed_by BLOB,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, connection_id, subject_key),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
) STRICT;
CREATE INDEX identities_user_id ON identities (org_id, user_id);

CREATE TABLE saml_requests (
    org_id BLOB NOT NULL,
    id TEXT NOT NULL,
    connection_id BLOB NOT NULL,
    browser_hash BLOB NOT NULL,
    relay TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id)
) STRICT;

CREATE TABLE saml_replays (
    org_id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    message_id TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    session_hash BLOB,
    PRIMARY KEY (org_id, connection_id, message_id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX saml_replays_expires_at ON saml_replays (expires_at);

CREATE TABLE sessions (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    user_id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    identity_id BLOB NOT NULL,
    session_index TEXT,
    context_class TEXT,
    authenticated_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    ended_cause TEXT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id),
    FOREIGN KEY (org_id, identity_id) REFERENCES identities (org_id, id)
) STRICT;
CREATE INDEX sessions_user_id ON sessions (org_id, user_id);

CREATE TABLE codes (
    org_id BLOB NOT NULL,
    id BLOB NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    session_id BLOB NOT NULL,
    app_id BLOB NOT NULL REFERENCES apps (id),
    redirect_uri TEXT NOT NULL,
    challenge TEXT NOT NULL,
    nonce TEXT,
    scope TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, session_id) REFERENCES sessions (org_id, id)
) STRICT;
CREATE INDEX codes_session_id ON codes (org_id, session_id);

CREATE TABLE events (
    org_id BLOB NOT NULL REFERENCES organizations (id),
    seq INTEGER NOT NULL,
    id BLOB NOT NULL UNIQUE,
    type TEXT NOT NULL,
    visibility TEXT NOT NULL CHECK (visibility IN ('feed', 'admin')),
    time INTEGER NOT NULL,
    actor TEXT NOT NULL,
    cause TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (org_id, seq)
) STRICT, WITHOUT ROWID;
