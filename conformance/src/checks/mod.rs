//! The checks: small functions, each of which proves one requirement or a few. They know nothing
//! of the server but what its discovery says, and make whatever they need. Which requirement a
//! check proves is said in `requirements/scim/`.

use futures_util::future::BoxFuture;

use crate::client::Client;
use crate::fault::Checked;

mod attributes;
mod bulk;
mod create;
mod cursor;
mod delete;
mod discovery;
mod errors;
mod filters;
mod groups;
mod http;
mod me;
mod operators;
mod paging;
mod patch;
mod patch_members;
mod patch_paths;
mod patch_refused;
mod projection;
mod replace;
mod representation;
mod schemas;
mod search;
mod security;
mod sorting;
mod versions;

/// A check.
pub struct Check {
    /// `subject::sentence`.
    pub name: &'static str,
    pub(crate) run: for<'a> fn(&'a Client) -> BoxFuture<'a, Checked>,
}

/// All checks, in the order in which they are played.
pub fn all() -> impl Iterator<Item = &'static Check> {
    [
        discovery::CHECKS,
        schemas::CHECKS,
        security::CHECKS,
        http::CHECKS,
        create::CHECKS,
        representation::CHECKS,
        attributes::CHECKS,
        groups::CHECKS,
        replace::CHECKS,
        delete::CHECKS,
        errors::CHECKS,
        patch::CHECKS,
        patch_paths::CHECKS,
        patch_members::CHECKS,
        patch_refused::CHECKS,
        operators::CHECKS,
        filters::CHECKS,
        paging::CHECKS,
        sorting::CHECKS,
        projection::CHECKS,
        search::CHECKS,
        cursor::CHECKS,
        versions::CHECKS,
        me::CHECKS,
        bulk::CHECKS,
    ]
    .into_iter()
    .flatten()
}

/// The table of a file's checks.
macro_rules! checks {
    ($subject:literal: $($name:ident),* $(,)?) => {
        pub(super) const CHECKS: &[crate::checks::Check] = &[$(crate::checks::Check {
            name: concat!($subject, "::", stringify!($name)),
            run: |client| Box::pin($name(client)),
        }),*];
    };
}
use checks;
