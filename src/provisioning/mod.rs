//! Provisioning: the one door in. Whatever a channel wants, it says who asks ([`Source`]), opens
//! a [`Change`] of one organization, and everything it does ends in [`settle`].
//!
//! ```text
//! channel -> draft + Source -> Change::begin (takes the organization's row)
//!         -> users / groups / sign_in / settings ... (rows, events recorded)
//!         -> settle: touched people -> grants -> entitlement -> differences -> events, numbered
//!         -> commit -> answer
//! ```
//!
//! An event is numbered while the organization's row is held, so numbers have no gaps and follow
//! the order of commits. A SCIM change that moves `meta.version` is exactly one event with the
//! resource's `scim_id`; what it does to the person's own role rides in that event, and what it
//! does to other people's roles follows as `user.role_changed` events without a `scim_id`.
//!
//! An event of a person is named by what became of the person, not by what a resource says: whose
//! resource is deleted while another names them was updated, and an owner's deletion suspends. It
//! carries what holds of the person since (state, owner, role, projects, address, names), so that
//! the events alone tell everybody. A resource whose person is only proposed names nobody as
//! `user_id`, but `proposed_user_id`.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::directory::event::{EventKind, Visibility};
use crate::id::{
    ApiKeyId, ConnectionId, ConsoleSessionId, EventId, Ids, OrganizationId, SafeguardId,
    SetupLinkId, UserId,
};
use crate::provisioning::request_log::Effect;
use crate::store::memory::Stamp;
use crate::store::rows::{ChainRow, EventRow};
use crate::store::types::{Doc, Time};
use crate::store::{Store, Tx, wakeups};

pub mod access;
pub mod admission;
pub mod alerts;
pub mod audit;
mod bindings;
pub mod break_glass;
pub mod by_hand;
pub mod client_tokens;
pub mod console;
pub mod correlate;
pub mod demands;
mod directory_roles;
pub mod erase;
mod error;
pub mod feed;
pub mod group_values;
pub mod groups;
pub mod groups_view;
pub mod hand_off;
pub mod idempotency;
pub mod import;
pub mod inspection;
pub mod installation;
pub mod invitations;
pub mod links;
pub mod lint;
pub mod members;
pub mod metadata;
mod mint;
pub mod outbox;
mod owner_kept;
pub mod ownership;
pub mod people;
pub mod people_view;
mod person;
pub mod provider;
pub mod questions;
pub mod reach;
pub mod recompute;
pub mod redemption;
pub mod refresh;
mod refusal;
pub mod request_log;
pub mod resolution;
pub mod safeguards;
pub mod saml_keys;
pub mod saml_peer;
pub mod scim_change;
pub mod scim_client;
pub mod scratch;
pub mod sessions;
pub mod settings;
mod settle;
pub mod setup;
pub mod sign_in;
pub mod sign_in_log;
mod sign_out;
pub mod signing_keys;
pub mod single_logout;
pub mod steps;
pub mod sweep;
pub mod tally;
pub mod trust;
pub mod undo;
pub mod user_export;
pub mod users;
pub mod webhooks;

pub use error::{Error, Kind};
pub use refusal::Refusal;
pub use scim_change::{scim_change, scim_question};

/// Who asks for a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The operator, at a command line.
    Command,
    /// Whoever follows the link of an invitation.
    Invitee,
    /// A key of the admin API.
    Key(ApiKeyId),
    /// The operator, in a session at the console.
    Operator(ConsoleSessionId),
    /// A connection's SCIM client.
    Scim(ConnectionId),
    /// Whoever has a link to set up a connection.
    Setup(SetupLinkId),
    /// Somebody signing in through a connection.
    SignIn(ConnectionId),
    /// Usher itself: a time that ran out.
    System,
    /// A person, in a session of their own.
    User(UserId),
}

impl Source {
    /// The actor, as events and the audit log name it.
    pub fn actor(&self) -> String {
        match self {
            Self::Command => "command".into(),
            Self::Invitee => "invitee".into(),
            Self::Key(key) => format!("key:{key}"),
            Self::Operator(session) => format!("operator:{session}"),
            Self::Scim(connection) => format!("scim:{connection}"),
            Self::Setup(link) => format!("setup:{link}"),
            Self::SignIn(connection) => format!("saml:{connection}"),
            Self::System => "system".into(),
            Self::User(user) => format!("user:{user}"),
        }
    }

    /// Who an actor is, as [`Source::actor`] names it.
    fn of_actor(actor: &str) -> Option<Self> {
        let (kind, id) = actor.split_once(':').unwrap_or((actor, ""));
        match kind {
            "command" => Some(Self::Command),
            "invitee" => Some(Self::Invitee),
            "key" => id.parse().ok().map(Self::Key),
            "operator" => id.parse().ok().map(Self::Operator),
            "scim" => id.parse().ok().map(Self::Scim),
            "setup" => id.parse().ok().map(Self::Setup),
            "saml" => id.parse().ok().map(Self::SignIn),
            "system" => Some(Self::System),
            "user" => id.parse().ok().map(Self::User),
            _ => None,
        }
    }
}

/// What every change needs from outside: who asks, by which request, and where ids and time come
/// from.
#[derive(Clone, Debug)]
pub struct Context {
    /// The source of ids, randomness and time.
    pub ids: Ids,
    /// Who asks.
    pub source: Source,
    /// The request or command that asks, as events name their cause.
    pub cause: String,
}

impl Context {
    /// Usher itself does it: a time that came, or something that was seen.
    pub fn of_system(ids: &Ids, cause: impl ToString) -> Self {
        Self {
            ids: ids.clone(),
            source: Source::System,
            cause: cause.to_string(),
        }
    }
}

/// A change of one organization that is under way.
pub struct Change<'t> {
    /// The transaction.
    pub tx: &'t mut Tx,
    /// The organization; its row is held until the transaction ends.
    pub org: OrganizationId,
    /// The instant of the change: one for all of it.
    pub now: Timestamp,
    /// Who asks, and the source of ids.
    pub context: Context,
    chain: ChainRow,
    touched: BTreeSet<UserId>,
    /// Somebody new, who is written as the rules make them.
    newcomer: Option<settle::Newcomer>,
    /// Whether the change does several things.
    does_more: bool,
    /// Whether it has changed settings.
    moves_settings: bool,
    events: Vec<Recorded>,
    unknown_members: bool,
    /// Whether whoever asks wants no safeguard to hold it.
    apply_now: bool,
    /// The safeguard that holds some of it.
    held: Option<SafeguardId>,
    /// The safeguard that held what is done now, and the connection whose directory had said it.
    held_before: Option<(SafeguardId, ConnectionId)>,
    /// What the key may do that asks for it, where one does.
    access: Option<access::Access>,
}

/// An event that waits for its number, and the person whose own role rides in it.
struct Recorded {
    subject: Option<UserId>,
    kind: EventKind,
    data: Value,
}

impl<'t> Change<'t> {
    /// Takes the organization's row; from here on nobody else changes anything of it.
    pub async fn begin(
        tx: &'t mut Tx,
        org: OrganizationId,
        context: &Context,
    ) -> Result<Change<'t>, Error> {
        let chain = tx
            .lock_organization(org)
            .await?
            .ok_or(Error::NotFound(Kind::Organization))?;
        Ok(Self {
            tx,
            org,
            now: context.ids.clock().now(),
            context: context.clone(),
            chain,
            touched: BTreeSet::new(),
            newcomer: None,
            does_more: false,
            moves_settings: false,
            events: Vec::new(),
            unknown_members: false,
            apply_now: false,
            held: None,
            held_before: None,
            access: None,
        })
    }

    /// The stamp of the organization's settings, as it was when the row was taken.
    fn stamp(&self) -> Stamp {
        Stamp(self.chain.settings_stamp)
    }

    /// Says that the change does several things: whoever is new may have something before its end.
    pub fn expect_more(&mut self) {
        self.does_more = true;
    }

    /// Notes that members who are nobody here were left out.
    fn leave_out_members(&mut self) {
        self.unknown_members = true;
    }

    /// Whether any were since it was last asked.
    pub fn left_out_members(&mut self) -> bool {
        std::mem::take(&mut self.unknown_members)
    }

    /// A fresh id.
    pub fn id<T: From<uuid::Uuid>>(&self) -> T {
        self.context.ids.next()
    }

    /// So long ago.
    pub(in crate::provisioning) fn ago(&self, window: SignedDuration) -> Time {
        Time(self.now.checked_sub(window).unwrap_or(self.now))
    }

    /// The instant of the change, as rows hold it.
    pub fn time(&self) -> Time {
        Time(self.now)
    }

    /// Says that something which bears on this person's role changed.
    pub fn touch(&mut self, user: UserId) {
        self.touched.insert(user);
    }

    /// Records what happened.
    pub fn record(&mut self, kind: EventKind, data: Value) {
        self.events.push(Recorded {
            subject: None,
            kind,
            data,
        });
    }

    /// Records what happened to a person: what the change does to their own role is told in this
    /// event, not in another one.
    pub fn record_of(&mut self, user: UserId, kind: EventKind, data: Value) {
        self.touch(user);
        self.events.push(Recorded {
            subject: Some(user),
            kind,
            data,
        });
    }

    /// Ends the change: resolves the people touched, numbers the events and writes both; answers
    /// what the events are about.
    pub async fn settle(mut self) -> Result<Settled, Error> {
        settle::revise(&mut self).await?;
        settle::settle(&mut self).await?;
        alerts::owe(&mut self).await?;
        let events = std::mem::take(&mut self.events);
        if events.is_empty() {
            return Ok(Settled::default());
        }
        let (mut head, mut seq) = (audit::Head::of(&self.chain)?, self.chain.event_seq);
        let mut effects = Vec::with_capacity(events.len());
        let mut rows = Vec::with_capacity(events.len());
        for recorded in events {
            seq += 1;
            effects.push(Effect::of(seq, &recorded.data));
            let mut row = EventRow {
                org_id: self.org,
                seq,
                id: self.id::<EventId>(),
                kind: recorded.kind,
                visibility: recorded.kind.visibility(),
                time: self.time(),
                actor: self.context.source.actor(),
                cause: self.context.cause.clone(),
                data: Doc(recorded.data.to_string()),
                salts: None,
                mac: None,
            };
            head.add(&mut row, &recorded.data, self.context.ids.entropy())?;
            rows.push(row);
        }
        self.tx.append_events(&rows).await?;
        if rows.iter().any(|row| row.visibility == Visibility::Feed) {
            webhooks::owe(&mut self).await?;
        }
        head.write(self.tx).await?;
        wakeups::tell(self.org);
        Ok(Settled {
            effects,
            held: self.held,
        })
    }
}

/// What a change came to.
#[derive(Default)]
pub struct Settled {
    /// What its events are about.
    pub effects: Vec<Effect>,
    /// The safeguard that holds some of it.
    pub held: Option<SafeguardId>,
}

/// Runs one change of one organization as one transaction.
pub async fn change<T, F>(
    store: &Store,
    org: OrganizationId,
    context: Context,
    job: F,
) -> Result<T, Error>
where
    F: for<'c, 't> Fn(&'c mut Change<'t>) -> BoxFuture<'c, Result<T, Error>>
        + Clone
        + Send
        + Sync
        + 'static,
    T: Send + 'static,
{
    store
        .write_of(Some(org), move |tx| {
            let (job, context) = (job.clone(), context.clone());
            async move {
                let mut change = Change::begin(tx, org, &context).await?;
                let value = job(&mut change).await?;
                change.settle().await?;
                Ok(value)
            }
            .boxed()
        })
        .await
}
