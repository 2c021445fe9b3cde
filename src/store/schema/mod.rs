//! The tables, as Diesel sees them: one description for both engines. Columns are documented in
//! `migrations/`; a test compares the two engines' tables with each other.

mod channels;
mod clients;
mod console;
mod holds;
mod hooks;
mod ownership;
mod people;
mod policy;
mod requests;
mod setup;

pub use channels::*;
pub use clients::*;
pub use console::*;
pub use holds::*;
pub use hooks::*;
pub use ownership::*;
pub use people::*;
pub use policy::*;
pub use requests::*;
pub use setup::*;

/// Tables that meet in one statement. Each pair is named once, and no more than there are: what Diesel
/// writes for a pair is compared with what it writes for every other one whenever the crate is compiled.
macro_rules! meet {
    ($($($table:ident),+;)+) => {
        $(diesel::allow_tables_to_appear_in_same_query!($($table),+);)+
    };
}

meet! {
    app_organizations, organizations;
    apps, app_organizations, codes;
    codes, sessions, refresh_families;
    connection_certificates, expiry_notices;
    connections, domain_proofs, trusted_domains;
    connections, safeguard_settings, safeguard_tallies;
    grants, users;
    connections, identities, organizations, sessions, users;
    invitation_changes, invitations;
    invitation_changes, mail_codes;
    invitation_projects, invitations;
    mappings, scim_members, scim_users;
    oauth_access_tokens, oauth_clients;
    organizations, scim_tokens;
    recompute_people, recomputes;
    safeguard_marks, users;
    scim_groups, scim_members;
    scim_groups, scim_users;
    scim_users, users;
    scim_request_subjects, scim_requests;
    setup_codes, setup_links;
    webhook_deliveries, webhooks;
}
