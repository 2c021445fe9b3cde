//! The hand-off's protocol, pure: Usher as OpenID provider for the app behind it. OpenID Connect
//! Core 1.0 with the code flow alone, under the profile of RFC 9700: PKCE for every client, exact
//! redirect URIs, `iss` in each response. Requests become types here, facts become tokens; who is
//! signed in, and what a code was issued for, is known elsewhere and comes in as plain data.
//!
//! Time and identifiers come in as arguments. The two things that draw randomness of their own are
//! OpenSSL's key generation and its ECDSA signatures.

pub mod assertion;
pub mod claims;
pub mod client;
pub mod code;
pub mod crypto;
pub mod discovery;
mod error;
pub mod inspection;
pub mod jwks;
pub mod keys;
pub mod launch;
pub mod logout;
mod parameters;
pub mod pkce;
pub mod redirect;
pub mod refresh;
pub mod request;
pub mod scope;
pub mod set;
pub mod token;

pub use error::{Code, Error};
pub use parameters::Pairs;
