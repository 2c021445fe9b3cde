//! Usher.
pub mod clock;
pub mod config;
pub mod demo;
pub mod directory;
pub mod http;
pub mod id;
pub mod limits;
pub mod oidc;
pub mod provisioning;
pub mod saml;
pub mod scim;
pub mod secret;
pub mod serve;
pub mod store;
