//! The honest messages, a file a subject: what products send, and what the standard leaves open.

mod demanded;
mod encrypted;
mod groups;
mod metadata;
mod products;
mod said;
mod signatures;
mod text;
mod times;
mod transport;

use super::{mint::*, *};

/// All of them.
pub(super) fn all() -> Vec<Honest> {
    [
        demanded::cases(),
        encrypted::cases(),
        groups::cases(),
        metadata::cases(),
        products::cases(),
        said::cases(),
        signatures::cases(),
        text::cases(),
        times::cases(),
        transport::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
