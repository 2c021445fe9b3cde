//! Request bodies under bounds: a small one is taken from anybody, a larger one only once its
//! sender was let in, and into one of a few places, so that no crowd of strangers fills the memory.

use std::error::Error as StdError;
use std::sync::Arc;

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::BodyExt;
use hyper::body::Frame;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits;
use crate::serve;

/// A body that arrived.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    /// Its octets.
    pub(super) bytes: Bytes,
    /// The place that a large one takes, until whoever works on it lets go.
    pub(super) place: Option<Place>,
}

/// A place for a large body.
pub(super) type Place = Arc<OwnedSemaphorePermit>;

/// Why a body did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Every place for large bodies is taken (503).
    Busy,
    /// The sender stopped, or does not keep to HTTP (400).
    Incomplete,
    /// More octets than this door takes (413).
    TooLarge,
    /// Too few octets for too long (408).
    TooSlow,
}

/// Reads a body of at most `limit` octets; `admit` is asked, and one of the `places` taken, before
/// more than [`limits::SMALL_BODY`] of them are kept. What is merely announced takes no place.
pub(super) async fn read<E>(
    places: &Arc<Semaphore>,
    mut body: Body,
    limit: usize,
    admit: impl Future<Output = Result<(), E>>,
) -> Result<Result<Taken, Fault>, E> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        drain(body, limit).await;
        return Ok(Err(Fault::TooLarge));
    }
    let mut gate = Gate {
        places,
        admit: Some(admit),
        place: None,
    };
    let mut octets = Vec::with_capacity(announced.min(limits::SMALL_BODY));
    while let Some(frame) = body.frame().await {
        let data = match frame.map(Frame::into_data) {
            Ok(Ok(data)) => data,
            // Trailers say nothing that is read.
            Ok(Err(_)) => continue,
            Err(error) => return Ok(Err(fault(&error))),
        };
        let length = octets.len() + data.len();
        if length > limit {
            drain(body, limit).await;
            return Ok(Err(Fault::TooLarge));
        }
        if !gate.admits(length).await? {
            return Ok(Err(Fault::Busy));
        }
        octets.extend_from_slice(&data);
    }
    Ok(Ok(Taken {
        bytes: octets.into(),
        place: gate.place,
    }))
}

/// Takes what is still coming, up to as much again, and keeps none of it: a sender that is cut off
/// in the midst of its body would not read why.
async fn drain(mut body: Body, limit: usize) {
    let mut left = limit;
    while let Some(Ok(frame)) = body.frame().await {
        let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) else {
            return;
        };
        left = rest;
    }
}

/// What a body passes when it turns out to be large.
struct Gate<'a, F> {
    places: &'a Arc<Semaphore>,
    admit: Option<F>,
    place: Option<Place>,
}

impl<E, F: Future<Output = Result<(), E>>> Gate<'_, F> {
    /// Whether so many octets may be kept.
    async fn admits(&mut self, length: usize) -> Result<bool, E> {
        if length > limits::SMALL_BODY
            && let Some(admit) = self.admit.take()
        {
            admit.await?;
            let place = Arc::clone(self.places).try_acquire_owned();
            self.place = place.ok().map(Arc::new);
            return Ok(self.place.is_some());
        }
        Ok(true)
    }
}

fn fault(error: &axum::Error) -> Fault {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<serve::BodyTooSlow>() {
            return Fault::TooSlow;
        }
        cause = error.source();
    }
    Fault::Incomplete
}
