//! What safeguards would say of a plan, if directories did the same now. What admins do themselves is not
//! judged by a safeguard: this is to know, and binds nobody.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::connection::Safeguard;
use crate::directory::safeguard::{Danger, Reaction};
use crate::id::{ConnectionId, OrganizationId, UserId};
use crate::limits;
use crate::provisioning::Error;
use crate::provisioning::safeguards::{active_people, mode_of};
use crate::provisioning::settle::Counted;
use crate::store::Tx;
use crate::store::rows::{ConnectionRow, SafeguardSettingsRow};
use crate::store::types::Time;

/// What the safeguard of a connection would say of a plan, with what its directory did within the hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SafeguardOutlook)]
pub struct Outlook {
    /// The connection.
    #[schema(value_type = String, format = "uuid")]
    pub connection_id: ConnectionId,
    /// What it does when its directory removes many people at once.
    pub mode: Safeguard,
    /// People who would be shut out, or lose the last of what groups gave, within the hour.
    pub removals: i64,
    /// How many of them would be few enough.
    pub removals_limit: i64,
    /// People who would become admins by its groups within the hour.
    pub promotions: i64,
    /// How many of them would be few enough.
    pub promotions_limit: i64,
    /// Whether one of the two is beyond its limit, and somebody watches.
    pub would_trip: bool,
    /// What would be done about it.
    pub reaction: Reaction,
}

/// What the safeguards of these people's connections would say, the oldest connection first. Where all of it
/// is one connection's doing, that is the one.
pub(in crate::provisioning) async fn outlook(
    tx: &mut Tx,
    at: (OrganizationId, Timestamp),
    people: &[Counted],
    doer: Option<ConnectionId>,
) -> Result<Vec<Outlook>, Error> {
    let mut concerned: BTreeMap<ConnectionId, Vec<&Counted>> = BTreeMap::new();
    for person in people {
        if let Some(home) = doer.or(person.home) {
            concerned.entry(home).or_default().push(person);
        }
    }
    let mut all = Vec::with_capacity(concerned.len());
    for (id, people) in concerned {
        all.extend(one(tx, at, id, &people).await?);
    }
    Ok(all)
}

async fn one(
    tx: &mut Tx,
    at: (OrganizationId, Timestamp),
    id: ConnectionId,
    people: &[&Counted],
) -> Result<Option<Outlook>, Error> {
    let Some(connection) = tx.connection(at.0, id).await? else {
        return Ok(None);
    };
    let set = tx.safeguard_settings(at.0, id).await?;
    let of = (&connection, set.as_ref());
    let removals = side(tx, at.1, of, Danger::Removals, people).await?;
    let promotions = side(tx, at.1, of, Danger::Promotions, people).await?;
    let reactions = [removals.reaction, promotions.reaction];
    let strongest = [Reaction::Hold, Reaction::Alarm];
    let reaction = strongest.into_iter().find(|it| reactions.contains(it));
    Ok(Some(Outlook {
        connection_id: id,
        mode: connection.safeguard,
        removals: removals.people,
        removals_limit: removals.limit,
        promotions: promotions.people,
        promotions_limit: promotions.limit,
        would_trip: reaction.is_some(),
        reaction: reaction.unwrap_or(Reaction::Nothing),
    }))
}

/// One of the two things that are counted.
struct Side {
    people: i64,
    limit: i64,
    reaction: Reaction,
}

async fn side(
    tx: &mut Tx,
    now: Timestamp,
    (connection, set): (&ConnectionRow, Option<&SafeguardSettingsRow>),
    danger: Danger,
    people: &[&Counted],
) -> Result<Side, Error> {
    let (org, id) = (connection.org_id, connection.id);
    let since = Time(now - limits::SAFEGUARD_WINDOW);
    let those = people.iter().filter(|it| it.danger == Some(danger));
    let mut those: BTreeSet<UserId> = those.map(|it| it.user).collect();
    let marked = tx.safeguard_marked(org, id, danger, since);
    those.extend(marked.await?);
    let count = i64::try_from(those.len()).unwrap_or(i64::MAX);
    let active = active_people(tx, (org, id), danger, since).await?;
    let mode = mode_of(connection, danger, set, Time(now));
    Ok(Side {
        people: count,
        limit: danger.threshold(active),
        reaction: danger.reaction(mode, count, active),
    })
}
