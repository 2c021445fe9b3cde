//! The people of an organization: how they are called, what a directory says of them, and which are there.

mod document;
pub(crate) mod fill;
mod listing;
mod sample;

pub(crate) use document::{bulk, created_name, document, filled_name, patch};
pub(crate) use listing::{Listing, Resource, found, ids, page, total};
pub(crate) use sample::{People, Person};

/// The domain of everybody.
pub(crate) const DOMAIN: &str = "load.example";
