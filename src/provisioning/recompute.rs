//! Recomputing: where a change of the rules bears on many people, their roles are computed in batches after
//! it, each batch a change of its own, so that nobody waits for all of them. Until a batch comes to
//! somebody, the role that they had is in force. Whoever may do the most harm does not wait: roles of
//! admins, and of whoever could become one, are computed at once, in the name and with the rights of whoever
//! asks.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::directory::event::EventKind;
use crate::directory::role::ADMIN_RANK;
use crate::id::{Ids, OrganizationId, RecomputeId, UserId};
use crate::limits;
use crate::provisioning::settings::catalogue;
use crate::provisioning::{Change, Context, Error, Kind, Source, change};
use crate::store::rows::RecomputeRow;
use crate::store::{self, Store, Tx};

/// The latest that a list tells.
const LISTED: i64 = 100;

/// Roles that are computed anew, in batches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Recompute {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: RecomputeId,
    /// Whether all is done.
    pub finished: bool,
    /// Of how many people.
    pub people: i64,
    /// How many of them are done.
    pub done: i64,
    /// Whose change of the rules it was, as events name actors.
    pub actor: String,
    /// The request or command of that change.
    pub cause: String,
    /// When it began.
    #[schema(value_type = String, format = "date-time")]
    pub started_at: Timestamp,
    /// When it was done.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub finished_at: Option<Timestamp>,
}

impl From<RecomputeRow> for Recompute {
    fn from(row: RecomputeRow) -> Self {
        Self {
            id: row.id,
            finished: row.finished_at.is_some(),
            people: row.people,
            done: row.done,
            actor: row.actor,
            cause: row.cause,
            started_at: row.started_at.0,
            finished_at: row.finished_at.map(|at| at.0),
        }
    }
}

/// Puts off whom a change touched, where they are many; answers what tells how far it is.
pub(in crate::provisioning) async fn begin(
    change: &mut Change<'_>,
) -> Result<Option<RecomputeId>, Error> {
    if change.touched.len() <= limits::RECOMPUTED_AT_ONCE {
        return Ok(None);
    }
    let mut now: BTreeSet<UserId> = change.events.iter().filter_map(|it| it.subject).collect();
    for role in catalogue(change.tx, change.org).await?.iter() {
        if role.rank >= ADMIN_RANK {
            // Whoever holds it, and whoever would as soon as nothing stands before it.
            for people in [
                change.tx.people_with_role(change.org, role.id).await?,
                change.tx.grantees(change.org, role.id).await?,
            ] {
                let touched = people.into_iter().filter(|it| change.touched.contains(it));
                now.extend(touched.take(limits::RECOMPUTED_AT_ONCE));
            }
        }
    }
    let touched = std::mem::take(&mut change.touched).into_iter();
    let (now, later): (BTreeSet<_>, BTreeSet<_>) = touched.partition(|user| now.contains(user));
    let later: Vec<_> = later.into_iter().collect();
    change.touched = now;
    let row = RecomputeRow {
        org_id: change.org,
        id: change.id(),
        started_at: change.time(),
        actor: change.context.source.actor(),
        cause: change.context.cause.clone(),
        people: later.len() as i64,
        done: 0,
        finished_at: None,
    };
    change.tx.insert_recompute(&row, &later).await?;
    let data = json!({"recompute_id": row.id, "people": row.people});
    change.record(EventKind::RecomputeStarted, data);
    Ok(Some(row.id))
}

/// Computes one batch of each organization that has one; answers of how many people. One organization's
/// trouble is not the others'.
pub async fn step(store: &Store, ids: &Ids) -> Result<usize, Error> {
    let open = store.read(|tx| async move { tx.open_recomputes().await }.boxed());
    let mut count = 0;
    for (org, id) in open.await? {
        match batch(store, ids, org, id).await {
            Ok(done) => count += done,
            Err(error) => {
                tracing::warn!(%error, organization.id = %org, recompute.id = %id, "A batch waits");
            }
        }
    }
    Ok(count)
}

/// Computes one batch, in the name of whoever changed the rules; answers of how many people, none where all
/// is done.
pub async fn batch(
    store: &Store,
    ids: &Ids,
    org: OrganizationId,
    id: RecomputeId,
) -> Result<usize, Error> {
    let row = store.read(move |tx| async move { tx.recompute(org, id).await }.boxed());
    let row = row.await?.ok_or(Error::NotFound(Kind::Recompute))?;
    let (table, column) = ("recomputes", "actor");
    let unreadable = || Error::Store(store::Error::Corrupt { table, column });
    let context = Context {
        ids: ids.clone(),
        source: Source::of_actor(&row.actor).ok_or_else(unreadable)?,
        cause: row.cause,
    };
    change(store, org, context, move |change| {
        async move { advance(change, id).await }.boxed()
    })
    .await
}

async fn advance(change: &mut Change<'_>, id: RecomputeId) -> Result<usize, Error> {
    let org = change.org;
    let found = change.tx.recompute(org, id).await?;
    let Some(mut row) = found.filter(|row| row.finished_at.is_none()) else {
        return Ok(0);
    };
    let limit = limits::RECOMPUTE_BATCH;
    let people = change.tx.take_from_recompute(org, id, limit).await?;
    row.done += people.len() as i64;
    // It is told apart from the last of them, whose own events are numbered behind whatever is told here.
    if people.is_empty() {
        row.finished_at = Some(change.time());
        let data = json!({"recompute_id": id, "people": row.people});
        change.record(EventKind::RecomputeFinished, data);
    }
    for user in &people {
        change.touch(*user);
    }
    change.tx.update_recompute(&row).await?;
    Ok(people.len())
}

/// How far one is.
pub async fn show(tx: &mut Tx, org: OrganizationId, id: RecomputeId) -> Result<Recompute, Error> {
    let row = tx.recompute(org, id).await?;
    Ok(row.ok_or(Error::NotFound(Kind::Recompute))?.into())
}

/// The latest hundred, the latest first.
pub async fn list(tx: &mut Tx, org: OrganizationId) -> Result<Vec<Recompute>, Error> {
    let rows = tx.recomputes(org, LISTED).await?;
    Ok(rows.into_iter().map(Recompute::from).collect())
}
