//! Domains that organizations proved are looked at again every day: whoever takes a domain over
//! removes the record, and is not spoken for any longer.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::sleep;
use uuid::Uuid;

use crate::outbound::dns::{Fault, Resolver};
use crate::provisioning::settings::domain_looks::{self, Kept, Look};
use crate::provisioning::{Context, Error};
use crate::worker::Office;

/// How often somebody looks for domains that are due.
const TICK: Duration = Duration::from_mins(1);
/// Looked up at the same time.
const AT_ONCE: i64 = 5;

impl Office {
    /// The same office, which asks this name server for TXT records; without one, the system's.
    #[must_use]
    pub fn asking(mut self, name_server: Option<SocketAddr>) -> Self {
        self.name_server = name_server;
        self
    }

    /// Looks at the domains that are due now; answers how many.
    pub async fn look_at_domains(&self) -> Result<usize, Error> {
        let mut count = 0;
        loop {
            match self.look_at_some().await? {
                0 => return Ok(count),
                some => count += some,
            }
        }
    }

    /// Looks at domains for as long as the worker runs.
    pub(super) async fn keep_domains(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.look_at_some().await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(error) => {
                    tracing::warn!(%error, "It cannot be read which domains are due");
                }
            }
            tokio::select! {
                () = sleep(TICK) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Where no name server is known, nothing is looked at.
    async fn look_at_some(&self) -> Result<usize, Error> {
        let resolver = match Resolver::new(self.name_server) {
            Ok(resolver) => resolver,
            Err(fault) => {
                tracing::debug!(%fault, "No domain is looked at");
                return Ok(0);
            }
        };
        let looks = domain_looks::claim(&self.store, &self.ids, AT_ONCE).await?;
        join_all(looks.iter().map(|look| self.look(resolver, look))).await;
        Ok(looks.len())
    }

    /// Looks for one record. Nothing about it ends the worker: whoever breaks over it holds the lease
    /// until it runs out.
    async fn look(&self, resolver: Resolver, look: &Look) {
        let context = Context::of_system(&self.ids, self.ids.next::<Uuid>());
        let id = || u16::from_be_bytes(self.ids.entropy().bytes());
        let kept = async {
            let found = resolver.texts(look.name(), id).await;
            let texts = found.as_ref().ok().cloned();
            let kept = domain_looks::keep(&self.store, context, look, texts).await?;
            Ok::<_, Error>((kept, found.err()))
        };
        let name = look.name();
        match AssertUnwindSafe(kept).catch_unwind().await {
            Ok(Ok((kept, fault))) => told(look, kept, fault.as_ref()),
            Ok(Err(error)) => {
                tracing::warn!(%error, name, "How it went with a domain is not written");
            }
            Err(_) => tracing::error!(name, "Looking at a domain panicked"),
        }
    }
}

/// Says in the log how it went.
fn told(look: &Look, kept: Kept, fault: Option<&Fault>) {
    let (organization, name) = (look.organization(), look.name());
    match kept {
        Kept::Lapsed => {
            let message = "A domain is trusted on its proof no more: its record was gone for days";
            tracing::warn!(organization.id = %organization, name, "{message}");
        }
        Kept::Missing => {
            tracing::warn!(organization.id = %organization, name, "A domain's record is gone");
        }
        Kept::Unknown => {
            let fault = fault.map(tracing::field::display);
            tracing::warn!(organization.id = %organization, name, fault, "A domain's record cannot be looked up");
        }
        Kept::Lost | Kept::There => {
            tracing::debug!(organization.id = %organization, name, ?kept, "A domain was looked at");
        }
    }
}
