//! The keys of clients that sign, apps and SCIM clients: those that were registered, or those that the client
//! publishes (RFC 7517 §5), fetched by the one outbound client and kept for a while. Whatever
//! strangers send, a client's keys are fetched no oftener than each [`limits::JWKS_GAP`], by one
//! request at a time.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, PoisonError};

use axum::http::header::{ACCEPT, HeaderValue};
use axum::http::{HeaderMap, Method};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use url::Url;
use uuid::Uuid;

use crate::limits;
use crate::oidc::assertion::{Admitted, Proven, Unproven};
use crate::oidc::jwks::{Fault, PublicKeys};
use crate::outbound::{self, Client, Reach};
use crate::provisioning::client_tokens;
use crate::store::types::Doc;

/// Why a client's assertion proves nothing: for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// Its keys are not kept as they are read.
    #[error("the registered keys cannot be read: {0}")]
    Registered(Fault),
    /// The assertion.
    #[error(transparent)]
    Unproven(#[from] Unproven),
    /// Its keys could not be fetched.
    #[error("the client's keys could not be fetched")]
    Unreached,
}

/// Why keys were not fetched this time.
#[derive(Debug, thiserror::Error)]
enum Unfetched {
    #[error("the answer is no set of keys: {0}")]
    Answer(Fault),
    #[error(transparent)]
    Call(#[from] outbound::Fault),
    #[error("the answer is longer than {} bytes", limits::JWKS_BYTES)]
    Long,
    #[error("nothing can be fetched here")]
    Nowhere,
    #[error("the answer has the status {0}")]
    Status(u16),
    #[error("it is no URL: {0}")]
    Url(#[from] url::ParseError),
}

/// What is registered of a client's keys.
struct Registered<'a> {
    id: Uuid,
    jwks: Option<&'a Doc>,
    jwks_url: Option<&'a str>,
    since: Option<Timestamp>,
    /// Who registered it: an app is the operator's, a SCIM client its organization's.
    reach: Reach,
}

impl<'a> Registered<'a> {
    fn of(client: &'a client_tokens::Client) -> Self {
        match client {
            client_tokens::Client::App(row) => Self {
                id: row.id.uuid(),
                jwks: row.jwks.as_ref(),
                jwks_url: row.jwks_url.as_deref(),
                since: row.keys_since.map(|at| at.0),
                reach: Reach::Operator,
            },
            client_tokens::Client::Scim(row) => Self {
                id: row.id.uuid(),
                jwks: row.jwks.as_ref(),
                jwks_url: row.jwks_url.as_deref(),
                since: None,
                reach: Reach::Organization,
            },
        }
    }
}

/// A client, where it publishes its keys, and since when.
type Place = (Uuid, String, Option<Timestamp>);

/// One client's published keys, and the turn to fetch them.
#[derive(Debug, Default)]
struct Published {
    known: std::sync::Mutex<Kept>,
    turn: Mutex<()>,
}

impl Published {
    fn known(&self) -> MutexGuard<'_, Kept> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of one client's published keys.
#[derive(Debug, Default)]
struct Kept {
    /// When they were last asked for, with or without success.
    asked_at: Option<Timestamp>,
    /// The set, and since when it is known.
    set: Option<(Arc<PublicKeys>, Timestamp)>,
}

impl Kept {
    /// The set, while it is not older than this.
    fn younger(&self, age: SignedDuration, now: Timestamp) -> Option<&Arc<PublicKeys>> {
        let (set, since) = self.set.as_ref()?;
        (now.duration_since(*since) < age).then_some(set)
    }

    /// Whether the set is fresh, and has the key for this assertion.
    fn serves(&self, admitted: &Admitted, now: Timestamp) -> bool {
        let fresh = self.younger(limits::JWKS_FRESH, now);
        fresh.is_some_and(|set| admitted.is_for(set))
    }

    /// Whether the set is to be fetched now, for this assertion; then it counts as asked for.
    fn asks(&mut self, admitted: &Admitted, now: Timestamp) -> bool {
        let rests = |at| now.duration_since(at) < limits::JWKS_GAP;
        let wanted = !self.serves(admitted, now) && !self.asked_at.is_some_and(rests);
        if wanted {
            self.asked_at = Some(now);
        }
        wanted
    }
}

/// The keys of clients, by client, by where it publishes them and since when it does: one that moves, away
/// and back, is asked anew. By default it fetches nothing.
#[derive(Default)]
pub struct ClientKeys {
    client: Option<Client>,
    known: std::sync::Mutex<HashMap<Place, Arc<Published>>>,
}

impl ClientKeys {
    /// Keys that this client fetches.
    pub fn new(client: Client) -> Self {
        Self {
            client: Some(client),
            known: std::sync::Mutex::default(),
        }
    }

    /// Verifies an assertion with its client's keys.
    pub(super) async fn prove(
        &self,
        client: &client_tokens::Client,
        admitted: &Admitted,
        now: Timestamp,
    ) -> Result<Proven, Refusal> {
        let row = Registered::of(client);
        if let Some(jwks) = row.jwks {
            let keys = PublicKeys::published(jwks.0.as_bytes()).map_err(Refusal::Registered)?;
            return Ok(admitted.verify(&keys)?);
        }
        let url = row.jwks_url.ok_or(Refusal::Unreached)?;
        let published = self.published((row.id, url.to_owned(), row.since));
        // Whom the known keys serve waits for nobody.
        let serves = published.known().serves(admitted, now);
        if !serves {
            // Whoever comes meanwhile waits for the same answer.
            let _turn = published.turn.lock().await;
            let is_wanted = published.known().asks(admitted, now);
            if is_wanted {
                match self.fetch(url, row.reach).await {
                    Ok(set) => published.known().set = Some((Arc::new(set), now)),
                    Err(error) => tracing::info!(client.id = %row.id, reason = %error,
                        "a client's keys could not be fetched"),
                }
            }
        }
        let set = published.known().younger(limits::JWKS_KEPT, now).cloned();
        Ok(admitted.verify(&*set.ok_or(Refusal::Unreached)?)?)
    }

    /// What is known of a client's keys; the clients that are kept are bounded.
    fn published(&self, place: Place) -> Arc<Published> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= limits::JWKS_CACHED && !known.contains_key(&place) {
            // Those that somebody waits for right now stay, so that none is fetched twice at once.
            known.retain(|_, kept| Arc::strong_count(kept) > 1);
        }
        Arc::clone(known.entry(place).or_default())
    }

    async fn fetch(&self, url: &str, reach: Reach) -> Result<PublicKeys, Unfetched> {
        let client = self.client.as_ref().ok_or(Unfetched::Nowhere)?;
        let line = client.open(&Url::parse(url)?, reach).await?;
        let json = HeaderValue::from_static("application/jwk-set+json, application/json");
        let headers = HeaderMap::from_iter([(ACCEPT, json)]);
        let limit = limits::JWKS_BYTES;
        let answer = line.send(Method::GET, headers, "", limit + 1).await?;
        if answer.status != 200 {
            return Err(Unfetched::Status(answer.status));
        }
        if answer.body.len() > limit {
            return Err(Unfetched::Long);
        }
        PublicKeys::published(&answer.body).map_err(Unfetched::Answer)
    }
}
