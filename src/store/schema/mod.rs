//! The tables, as Diesel sees them: one description for both engines. Columns are documented in
//! `migrations/`; a test compares the two engines' tables with each other.

mod channels;
mod clients;
mod holds;
mod hooks;
mod people;
mod policy;
mod requests;
mod setup;

pub use channels::*;
pub use clients::*;
pub use holds::*;
pub use hooks::*;
pub use people::*;
pub use policy::*;
pub use requests::*;
pub use setup::*;

diesel::allow_tables_to_appear_in_same_query!(
    instance,
    signing_keys,
    organizations,
    roles,
    projects,
    apps,
    app_redirect_uris,
    app_launch_urls,
    app_post_logout_redirect_uris,
    app_organizations,
    api_keys,
    connections,
    connection_certificates,
    metadata_refreshes,
    expiry_notices,
    trusted_domains,
    domain_proofs,
    scim_tokens,
    oauth_clients,
    oauth_access_tokens,
    app_assertions,
    oauth_assertions,
    users,
    user_projects,
    scim_users,
    scim_values,
    scim_groups,
    scim_members,
    mappings,
    mapping_projects,
    grants,
    grant_projects,
    policy_revisions,
    standings,
    safeguard_marks,
    safeguards,
    waivers,
    safeguard_settings,
    identities,
    saml_keys,
    saml_logouts,
    saml_logouts_heard,
    saml_requests,
    saml_replays,
    sessions,
    sign_ins,
    codes,
    refresh_families,
    refresh_tokens,
    events,
    audit_checkpoints,
    imports,
    invitations,
    invitation_projects,
    invitation_changes,
    mail_codes,
    outbox,
    share_hooks,
    sightings,
    idempotency,
    scim_requests,
    scim_request_subjects,
    scim_request_counts,
    scim_request_usage,
    webhooks,
    webhook_deliveries,
);
