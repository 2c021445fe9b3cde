//! The log of sign-ins (N16): every attempt with its checks, so that an admin sees which rule did
//! not hold. Kept for [`limits::SIGN_IN_LIFE`]; one whose signature was not found good may be
//! anybody's and is kept for [`limits::STRANGE_SIGN_IN_LIFE`], and of refusals a connection has
//! [`limits::REFUSALS_A_MINUTE`] kept: the rest is in the server's log alone. Nothing here names the
//! person but their id and a masked address.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::directory::sign_in::SignInOutcome;
use crate::id::{ConnectionId, Ids, OrganizationId, SignInId, UserId};
use crate::limits;
use crate::provisioning::{Error, Kind};
use crate::saml::Trace;
use crate::saml::trace::Check;
use crate::store::rows::{SignInRow, WantedSignIns};
use crate::store::types::{Doc, Time};
use crate::store::{self, Store, Tx};

/// Rows that one look forgets at most; the next look takes the next ones.
const AT_ONCE: i64 = 1_000;

/// What is to be told of an attempt.
#[derive(Clone, Debug)]
pub struct Told {
    /// The organization and the connection.
    pub of: (OrganizationId, ConnectionId),
    /// The request's id, which the person's page shows as its reference.
    pub request_id: String,
    /// How it ended.
    pub outcome: SignInOutcome,
    /// The stable code of what was refused.
    pub reason: Option<String>,
    /// Whether the identity provider started it; nobody knows of a message that could not be read.
    pub started_at_provider: Option<bool>,
    /// Whether its signature was found good.
    pub verified: bool,
    /// Who it was, as far as that is somebody here.
    pub user_id: Option<UserId>,
    /// The address or name that was asserted.
    pub subject: Option<String>,
    /// The checks.
    pub trace: Trace,
}

impl Told {
    pub(super) fn row(&self, ids: &Ids, now: Timestamp) -> SignInRow {
        let checks = serde_json::json!(self.trace.checks()).to_string();
        SignInRow {
            org_id: self.of.0,
            id: ids.next(),
            connection_id: self.of.1,
            request_id: self.request_id.clone(),
            outcome: self.outcome,
            reason: self.reason.clone(),
            started_at_provider: self.started_at_provider,
            verified: self.verified,
            user_id: self.user_id,
            subject: self.subject.as_deref().map(masked),
            checks: Doc(checks),
            created_at: Time(now),
        }
    }
}

/// Enough of an address, or of a name, to know one's own by it.
fn masked(subject: &str) -> String {
    let first: String = subject.chars().take(1).collect();
    match subject.rsplit_once('@') {
        Some((_, domain)) => format!("{first}…@{domain}"),
        None => format!("{first}…"),
    }
}

/// Writes an attempt at which nobody came in.
pub async fn write(store: &Store, ids: &Ids, told: &Told) -> Result<(), Error> {
    let row = told.row(ids, ids.clock().now());
    let written = store.write(move |tx| {
        let row = row.clone();
        async move { Ok::<_, Error>(tx.insert_sign_in(&row).await?) }.boxed()
    });
    written.await
}

/// How many refusals of a connection were kept in this minute.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<BTreeMap<ConnectionId, (Timestamp, u32)>>);

impl Refusals {
    /// Whether one more is to be kept; counts it.
    pub fn one_more(&self, connection: ConnectionId, now: Timestamp) -> bool {
        // Counts are whole at any time, whoever panicked.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) = kept.entry(connection).or_insert((now, 0));
        if now.duration_since(*since) >= SignedDuration::from_mins(1) {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count <= limits::REFUSALS_A_MINUTE
    }
}

/// A sign-in, as admins read it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct SignIn {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: SignInId,
    /// The connection.
    #[schema(value_type = String, format = "uuid")]
    pub connection_id: ConnectionId,
    /// When it came.
    #[schema(value_type = String, format = "date-time")]
    pub time: Timestamp,
    /// The reference that the person's page shows.
    pub request_id: String,
    /// How it ended.
    pub outcome: SignInOutcome,
    /// The stable code of the rule that said no.
    pub reason: Option<String>,
    /// Whether it started at the identity provider; null where the message could not be read.
    pub started_at_provider: Option<bool>,
    /// Whether its signature was found good: else it may be anybody's.
    pub verified: bool,
    /// Who came in.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub user_id: Option<UserId>,
    /// The address that was asserted, masked.
    pub subject: Option<String>,
}

/// A sign-in with its checks.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct SignInDetail {
    /// The sign-in.
    #[serde(flatten)]
    pub sign_in: SignIn,
    /// Its checks, in their order.
    pub checks: Vec<Check>,
}

impl From<SignInRow> for SignIn {
    fn from(row: SignInRow) -> Self {
        Self {
            id: row.id,
            connection_id: row.connection_id,
            time: row.created_at.0,
            request_id: row.request_id,
            outcome: row.outcome,
            reason: row.reason,
            started_at_provider: row.started_at_provider,
            verified: row.verified,
            user_id: row.user_id,
            subject: row.subject,
        }
    }
}

/// Sign-ins of an organization, the latest first.
pub async fn list(
    tx: &mut Tx,
    org: OrganizationId,
    wanted: &WantedSignIns,
    limit: i64,
) -> Result<Vec<SignIn>, Error> {
    let rows = tx.sign_ins(org, wanted, limit).await?;
    Ok(rows.into_iter().map(SignIn::from).collect())
}

/// A sign-in with its checks.
pub async fn show(tx: &mut Tx, org: OrganizationId, id: SignInId) -> Result<SignInDetail, Error> {
    let row = tx.sign_in(org, id).await?;
    let row = row.ok_or(Error::NotFound(Kind::SignIn))?;
    let checks = serde_json::from_str(&row.checks.0).map_err(|_| {
        let (table, column) = ("sign_ins", "checks");
        Error::Store(store::Error::Corrupt { table, column })
    })?;
    let sign_in = row.into();
    Ok(SignInDetail { sign_in, checks })
}

/// Forgets what is old; answers how many.
pub async fn forget(store: &Store, ids: &Ids) -> Result<usize, Error> {
    let now = ids.clock().now();
    let good = Time(now - limits::SIGN_IN_LIFE);
    let strange = Time(now - limits::STRANGE_SIGN_IN_LIFE);
    store
        .write(move |tx| {
            async move {
                let old = tx.forget_sign_ins(true, good, AT_ONCE).await?;
                Ok(old + tx.forget_sign_ins(false, strange, AT_ONCE).await?)
            }
            .boxed()
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_masked() {
        for (subject, shown) in [
            ("ada@acme.example", "a…@acme.example"),
            ("00u1x", "0…"),
            ("", "…"),
            ("é@x", "é…@x"),
        ] {
            assert_eq!(masked(subject), shown);
        }
    }

    #[test]
    fn so_many_refusals_of_a_connection_are_kept_a_minute() {
        let (refusals, ids) = (
            Refusals::default(),
            Ids::new(crate::clock::Clock::System, crate::id::Entropy::seeded(1)),
        );
        let (one, other): (ConnectionId, ConnectionId) = (ids.next(), ids.next());
        let now = Timestamp::UNIX_EPOCH;
        for _ in 0..limits::REFUSALS_A_MINUTE {
            assert!(refusals.one_more(one, now));
        }
        assert!(!refusals.one_more(one, now) && refusals.one_more(other, now));
        assert!(refusals.one_more(one, now + SignedDuration::from_mins(1)));
    }
}
