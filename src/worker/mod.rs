//! The worker: what the outbox owes leaves from here. A few carriers, each with a connection of its
//! own, claim what is due, hand it over and write how it went; several processes share the work by
//! the claims alone. Posts to webhooks have a carrier that takes nothing else, and so has what apps
//! are told of sessions: whoever answers them slowly delays nothing else. Webhooks for events have an
//! outbox of their own. See [`outbox`] for what is written when.

mod checkpoints;
mod domains;
mod folder;
mod logout;
pub mod mail;
pub mod metadata;
mod pace;
mod post;
mod recompute;
pub mod smtp;
mod starttls;
mod webhooks;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::directory::delivery::{Delivery, Load};
use crate::id::Ids;
use crate::limits;
use crate::outbound::Client;
use crate::provisioning::Error;
use crate::provisioning::outbox::{self, Composed, Letterhead, Outcome};
use crate::provisioning::signing_keys::Keyring;
use crate::provisioning::webhooks::Lane;
use crate::store::Store;
use crate::store::rows::OutboxRow;
use crate::worker::mail::{Fault, Post, Route};
use crate::worker::pace::Pace;

/// How often a carrier looks for what is due, also where no bell rang: other processes write, too,
/// and times come.
const TICK: Duration = Duration::from_secs(2);
/// What a carrier claims at once: little, so that nothing waits long for what is slow.
const AT_ONCE: i64 = 5;
/// What the carrier of logouts claims at once: an organization's people may leave all together, and
/// an app that is down must not hold the others up for long.
const LOGOUTS_AT_ONCE: i64 = 50;
/// The waits between the tries to write how it went, while the store cannot be reached.
const INSISTENCE: [u64; 9] = [0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800];
/// What is kept as the reply where we are to blame.
const OURS: &str = "not sent: an error of Usher's own, which its log tells";
/// What is kept as the reply of a relay whose last answer nobody heard.
const CUT_OFF: &str = "the last try was cut off: whether the mail was taken is not known";

/// Everything that sending takes.
pub struct Office {
    store: Store,
    ids: Ids,
    letterhead: Letterhead,
    route: Route,
    pace: Pace,
    client: Client,
    keys: Arc<Keyring>,
    name_server: Option<SocketAddr>,
}

impl Office {
    /// An office that sends mail this way, at most so many in a second, calls webhooks and apps by
    /// this client, and signs what it tells apps by the keys.
    pub fn new(
        store: Store,
        ids: Ids,
        letterhead: Letterhead,
        route: Route,
        per_second: NonZeroU32,
        (client, keys): (Client, Arc<Keyring>),
    ) -> Self {
        Self {
            store,
            ids,
            letterhead,
            route,
            pace: Pace::new(per_second),
            client,
            keys,
            name_server: None,
        }
    }

    /// Sends what is due now; answers how much it tried.
    pub async fn drain(&self) -> Result<usize, Error> {
        let (mut post, mut count) = (self.post(), 0);
        let (_stop, stopped) = watch::channel(false);
        for load in [Load::Mails, Load::Posts, Load::Logouts] {
            loop {
                let rows = outbox::claim(&self.store, &self.ids, load, at_once(load)).await?;
                if rows.is_empty() {
                    break;
                }
                count += rows.len();
                self.deliver_all(load, &rows, &mut post, &stopped).await;
            }
        }
        post.rest().await;
        Ok(count + self.drain_webhooks().await?)
    }

    fn post(&self) -> Post {
        Post::new(self.route.clone(), self.letterhead.domain())
    }

    /// One carrier's life.
    async fn carry(&self, load: Load, mut stop: watch::Receiver<bool>) {
        let mut post = self.post();
        while !*stop.borrow() {
            match outbox::claim(&self.store, &self.ids, load, at_once(load)).await {
                Ok(rows) if rows.is_empty() => {
                    post.rest().await;
                    tokio::select! {
                        () = sleep(TICK) => {}
                        () = self.store.wakeups().outbox(load).notified() => {}
                        _ = stop.changed() => {}
                    }
                }
                Ok(rows) => self.deliver_all(load, &rows, &mut post, &stop).await,
                Err(error) => {
                    tracing::warn!(%error, "The outbox cannot be read; the mail waits");
                    sleep(TICK).await;
                }
            }
        }
        post.rest().await;
    }

    /// Hands over what was claimed: mails one after the other, on one connection; all else at the same
    /// time, since each has a connection of its own.
    async fn deliver_all(
        &self,
        load: Load,
        rows: &[OutboxRow],
        post: &mut Post,
        stop: &watch::Receiver<bool>,
    ) {
        if load != Load::Mails {
            let all = rows.iter().map(|row| async move {
                self.deliver(row, &mut self.post()).await;
            });
            join_all(all).await;
            return;
        }
        for row in rows {
            if *stop.borrow() {
                // Whoever comes next need not wait for the lease to run out.
                self.write(row, &Outcome::Untried).await;
            } else {
                self.deliver(row, post).await;
            }
        }
    }

    /// Hands one claimed mail over and writes how it went. Nothing about one mail ends the worker.
    async fn deliver(&self, row: &OutboxRow, post: &mut Post) {
        let mut begun = false;
        let tried = AssertUnwindSafe(self.attempt(row, post, &mut begun));
        let outcome = match tried.catch_unwind().await {
            Ok(Ok(Some(outcome))) => outcome,
            Ok(Ok(None)) => return,
            Ok(Err(error)) => {
                tracing::error!(%error, delivery.id = %row.id, "A mail could not be worked on");
                Outcome::Deferred(OURS.to_owned())
            }
            Err(_) => {
                tracing::error!(delivery.id = %row.id, "Working on a mail panicked");
                post.abandon();
                if begun {
                    Outcome::Unknown(OURS.to_owned())
                } else {
                    Outcome::Deferred(OURS.to_owned())
                }
            }
        };
        self.write(row, &outcome).await;
    }

    /// Tries to hand a mail over; `None` where it is not ours to send any more.
    async fn attempt(
        &self,
        row: &OutboxRow,
        post: &mut Post,
        begun: &mut bool,
    ) -> Result<Option<Outcome>, Error> {
        if outbox::is_spent(row) {
            return Ok(Some(Outcome::Refused(CUT_OFF.to_owned())));
        }
        let now = self.ids.clock().now();
        let letter = match outbox::compose(&self.store, &self.letterhead, row, now).await? {
            Composed::Over => return Ok(Some(Outcome::Cancelled)),
            Composed::Unmailable(reason) => {
                return Ok(Some(Outcome::Refused(reason.to_owned())));
            }
            Composed::Logout(logout) => return self.tell(row, &logout, begun).await,
            Composed::Post(post) => return self.call(row, &post, begun).await,
            Composed::Ready(letter) => letter,
        };
        if row.uncertain {
            let message = "A mail is tried again that may have been taken before";
            tracing::warn!(delivery.id = %row.id, "{message}");
        }
        let mail = letter.message.written();
        self.pace.wait().await;
        if let Err(fault) = post.prepare(&mail).await {
            return Ok(Some(fault.into()));
        }
        match outbox::sending(&self.store, &self.ids, row).await {
            Ok(true) => {}
            // The relay waits for a mail that does not come: it takes nothing.
            Ok(false) => {
                post.abandon();
                return Ok(None);
            }
            Err(error) => {
                post.abandon();
                return Err(error);
            }
        }
        *begun = true;
        Ok(Some(
            match post.hand_over(&letter.message.id, &mail).await {
                Ok(reply) => Outcome::Sent(reply, letter.role),
                Err(fault) => fault.into(),
            },
        ))
    }

    /// Writes how it went, again and again while the store cannot be reached: what is not written
    /// is sent a second time.
    async fn write(&self, row: &OutboxRow, outcome: &Outcome) {
        for wait in INSISTENCE {
            sleep(Duration::from_millis(wait)).await;
            match outbox::finish(&self.store, &self.ids, row, outcome).await {
                Ok(state) => return told(row, outcome, state),
                Err(error) => {
                    let message = "How it went with a mail is not written yet";
                    tracing::warn!(%error, delivery.id = %row.id, "{message}");
                }
            }
        }
        tracing::error!(delivery.id = %row.id, "How it went with a mail could not be written");
    }
}

const fn at_once(load: Load) -> i64 {
    match load {
        Load::Logouts => LOGOUTS_AT_ONCE,
        Load::Mails | Load::Posts => AT_ONCE,
    }
}

impl From<Fault> for Outcome {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Deferred(reply) => Self::Deferred(reply),
            Fault::Refused(reply) => Self::Refused(reply),
            Fault::Unknown(reply) => Self::Unknown(reply),
        }
    }
}

/// Says in the log how it went, without saying to whom.
fn told(row: &OutboxRow, outcome: &Outcome, state: Option<Delivery>) {
    let (id, org, kind) = (row.id, row.org_id, row.kind);
    let reply = match outcome {
        Outcome::Deferred(reply) | Outcome::Refused(reply) | Outcome::Unknown(reply) => {
            outbox::unaddressed(reply)
        }
        Outcome::Cancelled | Outcome::Sent(..) | Outcome::Untried => String::new(),
    };
    match state {
        Some(Delivery::Sent) => {
            tracing::info!(delivery.id = %id, organization.id = %org, %kind, "A mail was sent");
        }
        Some(Delivery::Failed) => {
            let message = "A mail has failed for good";
            tracing::warn!(delivery.id = %id, organization.id = %org, %kind, reply, "{message}");
        }
        Some(Delivery::Queued) if !reply.is_empty() => {
            let message = "A mail was not taken; it is tried again";
            tracing::warn!(delivery.id = %id, organization.id = %org, %kind, reply, "{message}");
        }
        Some(_) => {
            tracing::debug!(delivery.id = %id, organization.id = %org, %kind, "A mail rests");
        }
        None => {
            let message = "Somebody else has taken a mail over whose lease ran out";
            tracing::warn!(delivery.id = %id, organization.id = %org, %kind, "{message}");
        }
    }
}

/// The running carriers.
pub struct Worker {
    stop: watch::Sender<bool>,
    carriers: Vec<JoinHandle<()>>,
}

impl Worker {
    /// Starts the carriers.
    pub fn start(office: Office) -> Self {
        let (stop, stopped) = watch::channel(false);
        let office = Arc::new(office);
        let mails = std::iter::repeat_n(Load::Mails, limits::MAIL_CONNECTIONS);
        let carriers = mails.chain([Load::Posts, Load::Logouts]).map(|load| {
            let (office, stopped) = (office.clone(), stopped.clone());
            tokio::spawn(async move { office.carry(load, stopped).await })
        });
        let mut carriers: Vec<_> = carriers.collect();
        for lane in [Lane::Steady, Lane::Failing] {
            let (office, stopped) = (office.clone(), stopped.clone());
            carriers.push(tokio::spawn(async move {
                office.carry_webhooks(lane, stopped).await;
            }));
        }
        let (keeper, stops) = (office.clone(), stopped.clone());
        carriers.push(tokio::spawn(
            async move { keeper.keep_domains(stops).await },
        ));
        let (keeper, stops) = (office.clone(), stopped.clone());
        carriers.push(tokio::spawn(async move {
            keeper.keep_checkpoints(stops).await;
        }));
        let (keeper, stops) = (office.clone(), stopped.clone());
        carriers.push(tokio::spawn(async move {
            keeper.keep_recomputing(stops).await;
        }));
        carriers.push(tokio::spawn(async move {
            office.keep_metadata(stopped).await;
        }));
        Self { stop, carriers }
    }

    /// Says to the carriers that they are to stop; [`Worker::stopped`] waits for it.
    pub fn stopper(&self) -> impl FnOnce() + Send + 'static {
        let stop = self.stop.clone();
        move || {
            stop.send_replace(true);
        }
    }

    /// Stops: what is being handed over is finished, in [`limits::DRAIN_TIME`] at most.
    pub async fn stopped(self) {
        self.stop.send_replace(true);
        let stops: Vec<_> = self.carriers.iter().map(JoinHandle::abort_handle).collect();
        let all = join_all(self.carriers);
        if timeout(limits::DRAIN_TIME, all).await.is_err() {
            tracing::warn!("A relay did not answer in time; its mail will be marked uncertain");
            stops.iter().for_each(tokio::task::AbortHandle::abort);
        }
    }
}
