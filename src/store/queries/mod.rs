//! The queries, written once against `Db` and `Conn` and mounted once an engine. Each takes the
//! organization as an argument; a row of another organization is a row that is not there.

pub(crate) mod apps;
pub(crate) mod audit;
pub(crate) mod behind;
pub(crate) mod break_glass;
pub(crate) mod connections;
pub(crate) mod console;
pub(crate) mod copies;
pub(crate) mod domains;
pub(crate) mod erasure;
pub(crate) mod events;
pub(crate) mod grants;
mod has;
pub(crate) mod idempotency;
pub(crate) mod identities;
pub(crate) mod imports;
pub(crate) mod instance;
pub(crate) mod invitation_changes;
pub(crate) mod invitations;
mod kept;
pub(crate) mod later;
pub(crate) mod links;
pub(crate) mod mappings;
pub(crate) mod metadata;
pub(crate) mod oauth;
pub(crate) mod organizations;
pub(crate) mod outbox;
pub(crate) mod policy;
pub(crate) mod probes;
pub(crate) mod recomputes;
pub(crate) mod refresh;
pub(crate) mod roles;
pub(crate) mod safeguard_marks;
pub(crate) mod safeguards;
pub(crate) mod saml;
pub(crate) mod scim_groups;
pub(crate) mod scim_members;
pub(crate) mod scim_requests;
pub(crate) mod scim_users;
pub(crate) mod sessions;
pub(crate) mod setup_links;
pub(crate) mod share_hooks;
pub(crate) mod sightings;
pub(crate) mod sign_ins;
mod taken;
pub(crate) mod tokens;
pub(crate) mod users;
pub(crate) mod values;
pub(crate) mod webhook_deliveries;
pub(crate) mod webhooks;

/// How many values one `IN (..)` or one multi-row insert carries: both engines bound the number
/// of parameters of a statement.
pub(crate) const CHUNK: usize = 1000;

/// Every column of a row. The engine is named here and not left to be inferred, so that what the compiler
/// proves of a row it proves once, and not for each query anew: most of the time of a check went there.
pub(super) fn whole<R: diesel::Selectable<super::Db>>() -> diesel::dsl::AsSelect<R, super::Db> {
    <R as diesel::SelectableHelper<super::Db>>::as_select()
}
