//! The carriers of webhooks: they take webhooks that are owed something, so many at once, and post to
//! each what it is owed, one event after the other. Those whose last post failed have carriers of their
//! own, which post several at once: whoever does not answer delays nobody else, and no mail.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use axum::http::{HeaderMap, HeaderName, Method};
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use url::Url;

use crate::limits;
use crate::oidc::claims::Issue;
use crate::oidc::keys::Algorithm;
use crate::oidc::set::{SET_TYPE, SecurityEvent};
use crate::outbound::{Answer, Fault, Reach};
use crate::provisioning::Error;
use crate::provisioning::webhooks::{
    self, Call, Composed, Held, Lane, Outcome, Owed, Token, Told, Written,
};
use crate::store::rows::WebhookRow;
use crate::worker::{INSISTENCE, OURS, Office, TICK};

/// How long somebody posts for one webhook before the others have their turn.
const TURN: Duration = Duration::from_secs(10);
/// Posts that go out at once to a webhook whose last post failed.
const TOGETHER: usize = 10;

impl Office {
    /// Posts what webhooks are owed now; answers how much it tried.
    pub(super) async fn drain_webhooks(&self) -> Result<usize, Error> {
        let (_stop, stopped) = watch::channel(false);
        let mut count = 0;
        loop {
            let mut held = Vec::new();
            for lane in [Lane::Steady, Lane::Failing] {
                held.extend(self.take_webhooks(lane, limits::WEBHOOKS_AT_ONCE).await?);
            }
            if held.is_empty() {
                return Ok(count);
            }
            count += held.iter().map(|it| it.owed.len()).sum::<usize>();
            join_all(held.into_iter().map(|held| self.serve(held, &stopped))).await;
        }
    }

    /// One carrier's life: it has so many webhooks at once, and takes another whenever one is done.
    pub(super) async fn carry_webhooks(&self, lane: Lane, mut stop: watch::Receiver<bool>) {
        let stopped = stop.clone();
        let mut busy = FuturesUnordered::new();
        let most = usize::try_from(limits::WEBHOOKS_AT_ONCE).unwrap_or(1);
        while !*stop.borrow() {
            let free = i64::try_from(most.saturating_sub(busy.len())).unwrap_or(0);
            let mut idle = true;
            match self.take_webhooks(lane, free).await {
                Ok(held) => {
                    idle = held.is_empty();
                    busy.extend(held.into_iter().map(|held| self.serve(held, &stopped)));
                }
                Err(error) => {
                    tracing::warn!(%error, "It cannot be read what webhooks are owed");
                }
            }
            if !idle && busy.len() < most {
                continue;
            }
            tokio::select! {
                Some(()) = busy.next() => {}
                () = sleep(TICK) => {}
                () = self.store.wakeups().webhooks().notified(), if lane == Lane::Steady => {}
                _ = stop.changed() => {}
            }
        }
        while busy.next().await.is_some() {}
    }

    async fn take_webhooks(&self, lane: Lane, limit: i64) -> Result<Vec<Held>, Error> {
        webhooks::claim(&self.store, &self.ids, lane, limit).await
    }

    /// Posts what a webhook is owed until its turn is over. Nothing about one ends the carrier.
    async fn serve(&self, held: Held, stop: &watch::Receiver<bool>) {
        let Held { hook, owed } = held;
        let served = AssertUnwindSafe(self.post_all(&hook, &owed, stop));
        match served.catch_unwind().await {
            Ok(true) => {}
            Ok(false) => return,
            Err(_) => {
                // It is held until the lease runs out, so that it does not come at once again.
                tracing::error!(webhook.id = %hook.id, "Posting to a webhook panicked");
                return;
            }
        }
        if let Err(error) = webhooks::release(&self.store, &self.ids, &hook).await {
            tracing::warn!(%error, webhook.id = %hook.id, "A webhook is held until its lease runs out");
        }
    }

    /// Posts what a webhook is owed; `false` where it is not ours any more.
    async fn post_all(
        &self,
        hook: &WebhookRow,
        owed: &[Owed],
        stop: &watch::Receiver<bool>,
    ) -> bool {
        let (begun, mut failing_since) = (Instant::now(), hook.failing_since.map(|it| it.0));
        // In a row while all is well: then they arrive in their order.
        let size = if failing_since.is_some() { TOGETHER } else { 1 };
        for some in owed.chunks(size) {
            if *stop.borrow() || begun.elapsed() >= TURN {
                break;
            }
            let posts = some
                .iter()
                .map(|owed| self.post_one(hook, failing_since, owed));
            for (written, good) in join_all(posts).await {
                match written {
                    Some(Written::Held) => {}
                    Some(Written::Lost) => {
                        tracing::warn!(webhook.id = %hook.id, "A webhook is gone, disabled, or somebody else's by now");
                        return false;
                    }
                    Some(Written::Disabled(_)) => return true,
                    None => return false,
                }
                failing_since = if good {
                    None
                } else {
                    failing_since.or_else(|| Some(self.ids.clock().now()))
                };
            }
        }
        true
    }

    /// Posts one event and writes how it went; answers what was written, `None` where nothing could be,
    /// and whether the post was good.
    async fn post_one(
        &self,
        hook: &WebhookRow,
        failing_since: Option<Timestamp>,
        owed: &Owed,
    ) -> (Option<Written>, bool) {
        let outcome = match self.attempt_webhook(hook, owed).await {
            Ok(Some(outcome)) => outcome,
            Ok(None) => return (Some(Written::Lost), false),
            Err(error) => {
                tracing::error!(%error, webhook.id = %hook.id, "A post could not be made");
                Outcome::Failed(None, OURS.to_owned())
            }
        };
        let good = matches!(outcome, Outcome::Taken(..));
        tracing::debug!(webhook.id = %hook.id, event.id = %owed.row.event_id, good, "Posted to a webhook");
        // What is not written is posted a second time.
        for wait in INSISTENCE {
            sleep(Duration::from_millis(wait)).await;
            let about = (hook, failing_since);
            let done = webhooks::finish(&self.store, &self.ids, about, &owed.row, &outcome).await;
            match done {
                Ok(written) => {
                    if let Written::Disabled(cause) = written {
                        let (id, org, host) = (hook.id, hook.org_id, &hook.host);
                        let message = "A webhook is disabled";
                        tracing::warn!(webhook.id = %id, organization.id = %org, host, %cause, "{message}");
                    }
                    return (Some(written), good);
                }
                Err(error) => {
                    let message = "How it went with a webhook is not written yet";
                    tracing::warn!(%error, webhook.id = %hook.id, "{message}");
                }
            }
        }
        (None, good)
    }

    /// Tries to post one event; `None` where it is not ours to post any more.
    async fn attempt_webhook(
        &self,
        hook: &WebhookRow,
        owed: &Owed,
    ) -> Result<Option<Outcome>, Error> {
        let Some(hook) = webhooks::current(&self.store, hook).await? else {
            return Ok(None);
        };
        let now = self.ids.clock().now();
        let reach = if hook.by_operator {
            Reach::Operator
        } else {
            Reach::Organization
        };
        let outcome = match webhooks::compose(self.letterhead.secrets(), &hook, owed, now)? {
            Composed::Impossible(reason) => Outcome::Impossible(reason.to_owned()),
            Composed::Call(call) => {
                let Call { url, headers, body } = *call;
                let mut all = media("application/json");
                for (name, value) in headers {
                    if let Ok(value) = HeaderValue::from_str(&value) {
                        all.insert(HeaderName::from_static(name), value);
                    }
                }
                self.post_to(&url, reach, all, body).await
            }
            Composed::Token(token) => {
                let Some(text) = self.security_event(&token).await else {
                    return Ok(Some(Outcome::Failed(None, OURS.to_owned())));
                };
                let mut headers = media("application/secevent+jwt");
                headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
                self.post_to(&token.url, reach, headers, text).await
            }
        };
        Ok(Some(outcome))
    }

    async fn post_to(&self, url: &Url, reach: Reach, headers: HeaderMap, body: String) -> Outcome {
        let line = match self.client.open(url, reach).await {
            Ok(line) => line,
            Err(fault) => return fault.into(),
        };
        let answer = line.send(Method::POST, headers, body, limits::WEBHOOK_ANSWER);
        let answer = answer.await.map_or_else(Outcome::from, |it| outcome(&it));
        unlocated(answer, url)
    }

    /// A signed token of what happened. One that is posted twice has the same id.
    async fn security_event(&self, token: &Token) -> Option<String> {
        let now = self.ids.clock().now();
        let audience = token.url.origin().ascii_serialization();
        let issue = Issue {
            issuer: self.letterhead.public_url(),
            client_id: &audience,
            at: now,
        };
        let (id, at) = (token.id.uuid(), token.at);
        let claims = match &token.told {
            Told::Deactivated { user, by_admin } => {
                let cause = token.cause.as_deref();
                SecurityEvent::session_revoked(issue, id, (user.uuid(), at, *by_admin), cause)
            }
            Told::Verification { webhook } => {
                SecurityEvent::verification(issue, id, webhook.uuid())
            }
        };
        let keys = self.keys.now(now).await;
        let keys = keys
            .inspect_err(|error| tracing::warn!(%error, "The signing keys cannot be read"))
            .ok()?;
        keys.sign(Algorithm::Es256, SET_TYPE, &claims)
            .inspect_err(|error| tracing::error!(%error, "A security event could not be signed"))
            .ok()
    }
}

fn media(kind: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))])
}

impl From<Fault> for Outcome {
    fn from(fault: Fault) -> Self {
        Self::Failed(None, fault.to_string())
    }
}

/// What a status means: a redirect is not followed, so that it is a no, too.
fn outcome(answer: &Answer) -> Outcome {
    let said = String::from_utf8_lossy(&answer.body).into_owned();
    match answer.status {
        200..300 => Outcome::Taken(answer.status, said),
        410 => Outcome::Gone(said),
        status => Outcome::Failed(Some(status), said),
    }
}

/// The outcome without the webhook's path and query, which a page of an error may repeat: they may be its
/// secret, and what is answered is kept and shown.
fn unlocated(outcome: Outcome, url: &Url) -> Outcome {
    let query = url.query().unwrap_or_default();
    let hide = |said: String| {
        let parts = [query, url.path(), url.path().trim_matches('/')];
        let parts = parts.into_iter().filter(|part| part.len() > 1);
        parts.fold(said, |said, part| said.replace(part, "..."))
    };
    match outcome {
        Outcome::Failed(status, said) => Outcome::Failed(status, hide(said)),
        Outcome::Gone(said) => Outcome::Gone(hide(said)),
        Outcome::Taken(status, said) => Outcome::Taken(status, hide(said)),
        impossible @ Outcome::Impossible(_) => impossible,
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;

    use super::*;

    #[test]
    fn only_a_status_of_two_hundred_is_success() {
        for (status, expected) in [
            (200, Outcome::Taken(200, "ok".to_owned())),
            (202, Outcome::Taken(202, "ok".to_owned())),
            (301, Outcome::Failed(Some(301), "ok".to_owned())),
            (304, Outcome::Failed(Some(304), "ok".to_owned())),
            (400, Outcome::Failed(Some(400), "ok".to_owned())),
            (410, Outcome::Gone("ok".to_owned())),
            (500, Outcome::Failed(Some(500), "ok".to_owned())),
        ] {
            let answer = Answer {
                status,
                headers: HeaderMap::new(),
                body: Bytes::from_static(b"ok"),
            };
            assert_eq!(outcome(&answer), expected);
        }
    }

    #[test]
    fn an_answer_is_kept_without_the_place_it_came_from() {
        let url: Url = "https://a.example/hooks/SECRET?key=OTHER".parse().unwrap();
        for (said, kept) in [
            ("Cannot POST /hooks/SECRET", "Cannot POST ..."),
            ("no hooks/SECRET?key=OTHER here", "no ...?... here"),
            ("fine", "fine"),
        ] {
            let outcome = Outcome::Failed(Some(404), said.to_owned());
            let expected = Outcome::Failed(Some(404), kept.to_owned());
            assert_eq!(unlocated(outcome, &url), expected);
        }
        let root: Url = "https://a.example/".parse().unwrap();
        let said = || Outcome::Gone("a/b".to_owned());
        assert_eq!(unlocated(said(), &root), said());
    }
}
