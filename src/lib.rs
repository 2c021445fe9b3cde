//! Usher.
pub mod clock;
pub mod config;
pub mod directory;
pub mod id;
pub mod limits;
pub mod oidc;
pub mod provisioning;
pub mod scim;
pub mod secret;
pub mod serve;
pub mod store;
