//! Asks a SCIM 2.0 server, over HTTP, whether it keeps to RFC 7643, RFC 7644 and RFC 9865, and to
//! what identity providers really send.
//!
//! - `requirements/scim/` says what is asked for, in our own words, and which [`checks`] prove it;
//!   [`requirement`] reads it.
//! - [`scim`] plays the checks through a [`client::Client`] and answers a [`report::Report`]. The
//!   client reads the server's discovery first, so that what the server does not offer is skipped,
//!   and takes away what a check made.
//! - [`transport`] is how requests travel; [`Http`] is the network.
//! - [`sequence`] plays the files of `idp-fixtures/`.

#![expect(
    clippy::indexing_slicing,
    reason = "a name that a JSON value does not have gives null, and drafts are objects"
)]

pub mod answer;
pub mod checks;
pub mod client;
pub mod discovery;
pub mod fault;
mod http;
mod junit;
pub mod report;
pub mod requirement;
mod run;
pub mod sequence;
mod text;
pub mod transport;

pub use http::Http;
pub use run::{Error, Options, Target, scim};
