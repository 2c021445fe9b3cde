//! Who exists and what they may do: the nouns and their rules, pure.
//!
//! - [`organization`], [`connection`], [`mapping`]: the tenant, its ties, its rules
//! - [`demands`]: what a connection asks of assertions, and where it reads the person
//! - [`user`], [`email`]: the person; how addresses compare
//! - [`role`], [`grant`]: what a person may do, and [`grant::resolve`], the one place that decides
//! - [`invitation`]: who was asked to come, and what their link proves
//! - [`metadata`]: when an identity provider's metadata are read again, and what ends soon
//! - [`oauth_client`]: how a directory proves itself where it gets short-lived tokens
//! - [`policy`]: what an organization decided about who may come
//! - [`external_id`], [`lint`]: what a directory shows of itself, and what goes wrong with it
//! - [`link`]: whose a directory's resource is, and why somebody has to say so
//! - [`ownership`]: who is to be the owner, and what the links prove that ask for a yes
//! - [`delivery`]: what is owed to whom, and how far it got
//! - [`event`]: what happened
//! - [`webhook`]: where events are posted to, and when again
//! - [`scope`]: what a key of the admin API may do
//! - [`error`]: rules that said no

pub mod connection;
pub mod delivery;
pub mod demands;
pub mod email;
pub mod error;
pub mod event;
pub mod external_id;
pub mod grant;
pub mod invitation;
pub mod link;
pub mod lint;
pub mod mapping;
pub mod metadata;
pub mod oauth_client;
pub mod organization;
pub mod ownership;
pub mod policy;
pub mod role;
pub mod rulebook;
pub mod safeguard;
pub mod scope;
pub mod setup;
pub mod sign_in;
pub mod user;
pub mod webhook;
mod words;

pub use error::Violation;
pub use words::UnknownWord;
