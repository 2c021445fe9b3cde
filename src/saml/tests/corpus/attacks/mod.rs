//! The attacks, a file a subject.

mod addressee;
mod algorithms;
mod comments;
pub(super) mod demanded;
mod differential;
mod dos;
mod encrypted;
mod entities;
mod excluded;
mod keys;
mod metadata;
mod partial;
mod parts;
mod responses;
mod shape;
mod status;
mod subject;
mod time;
mod transforms;
mod transport;
mod void;
mod wrapping;

use super::{mint::*, *};

/// All of them.
pub(super) fn all() -> Vec<Attack> {
    [
        addressee::cases(),
        algorithms::cases(),
        comments::cases(),
        demanded::cases(),
        differential::cases(),
        dos::cases(),
        encrypted::cases(),
        entities::cases(),
        excluded::cases(),
        keys::cases(),
        metadata::cases(),
        partial::cases(),
        parts::cases(),
        responses::cases(),
        shape::cases(),
        status::cases(),
        subject::cases(),
        time::cases(),
        transforms::cases(),
        transport::cases(),
        void::cases(),
        wrapping::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
