//! Identity providers' metadata are read again where they are published: by https, within the rules
//! of the outbound client. Which addresses those are, the operator said.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use url::Url;
use uuid::Uuid;

use crate::limits;
use crate::outbound::document::{Fetched, Unfetched, Validators};
use crate::outbound::{Client, Fault, Reach, Refusal};
use crate::provisioning::metadata::{self, Arrived, Claim, Published};
use crate::provisioning::{Context, Error};
use crate::saml::metadata::MEDIA_TYPES;
use crate::worker::Office;

/// How often somebody looks for metadata that are due.
const TICK: Duration = Duration::from_secs(5);
/// How often somebody looks for what ends.
const ENDINGS: Duration = Duration::from_hours(1);
/// Fetched at the same time.
const AT_ONCE: i64 = 5;

impl Office {
    /// Reads the metadata that are due now; answers how many.
    pub async fn refresh_metadata(&self) -> Result<usize, Error> {
        let mut count = 0;
        loop {
            let claims = metadata::claim(&self.store, &self.ids, AT_ONCE).await?;
            if claims.is_empty() {
                return Ok(count);
            }
            count += claims.len();
            join_all(claims.iter().map(|claim| self.refresh(claim))).await;
        }
    }

    /// Keeps metadata up to date for as long as the worker runs, and tells of what ends.
    pub(super) async fn keep_metadata(&self, mut stop: watch::Receiver<bool>) {
        let mut told: Option<Instant> = None;
        while !*stop.borrow() {
            if told.is_none_or(|at| at.elapsed() >= ENDINGS) {
                told = Some(Instant::now());
                if let Err(error) = metadata::tell_endings(&self.store, &self.ids).await {
                    tracing::warn!(%error, "Nobody is told of what ends this time");
                }
            }
            if let Err(error) = self.refresh_metadata().await {
                tracing::warn!(%error, "It cannot be read which metadata are due");
            }
            tokio::select! {
                () = sleep(TICK) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Reads what was claimed. Nothing about one document ends the worker: whoever breaks over it
    /// holds the lease until it runs out.
    async fn refresh(&self, claim: &Claim) {
        let id = claim.connection();
        let context = Context::of_system(&self.ids, self.ids.next::<Uuid>());
        let read = async {
            let arrived = fetch(&self.client, claim).await;
            metadata::finish(&self.store, context, claim, arrived).await
        };
        match AssertUnwindSafe(read).catch_unwind().await {
            Ok(Ok(outcome)) => {
                let outcome = outcome.map(crate::directory::metadata::RefreshOutcome::as_str);
                tracing::info!(connection.id = %id, outcome, "Metadata were read again");
            }
            Ok(Err(error)) => {
                let message = "How it went with metadata is not written";
                tracing::warn!(%error, connection.id = %id, "{message}");
            }
            Err(_) => tracing::error!(connection.id = %id, "Reading metadata panicked"),
        }
    }
}

/// Fetches what was claimed.
pub async fn fetch(client: &Client, claim: &Claim) -> Arrived {
    let Published {
        url,
        etag,
        last_modified,
    } = claim.published();
    let known = Validators {
        etag,
        last_modified,
    };
    match document(client, &url, &known).await {
        Ok(Fetched::New { text, validators }) => {
            let published = Published {
                url,
                etag: validators.etag,
                last_modified: validators.last_modified,
            };
            Arrived::New(text, published)
        }
        Ok(Fetched::Unchanged) => Arrived::Unchanged,
        Err(error) => Arrived::Nothing(error.to_string()),
    }
}

async fn document(client: &Client, url: &str, known: &Validators) -> Result<Fetched, Unfetched> {
    let refused = |why| Unfetched::Call(Fault::Refused(why));
    let url = Url::parse(url).map_err(|_| refused(Refusal::NoWeb))?;
    // What is trusted without anybody's looking comes encrypted, whatever the settings allow.
    if url.scheme() != "https" {
        return Err(refused(Refusal::Plain));
    }
    let client = client.patient(limits::METADATA_TIME);
    let limit = limits::SAML_METADATA;
    client
        .document(&url, Reach::Operator, MEDIA_TYPES, known, limit)
        .await
}
