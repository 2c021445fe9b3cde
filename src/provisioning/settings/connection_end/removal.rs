//! The removal of a connection, shown before it is made: what becomes of each of its people and of their
//! roles, and what else goes. It is the removal itself, made and taken back within its transaction.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::directory::connection::{Fate, Remains};
use crate::directory::event::EventKind;
use crate::directory::mapping::Outcome;
use crate::id::{ConnectionId, UserId};
use crate::limits;
use crate::provisioning::safeguards::Outlook;
use crate::provisioning::settings::connection_end::End;
use crate::provisioning::settings::connection_view::row;
use crate::provisioning::settings::plan::{self, Everybody, Plan, Roles};
use crate::provisioning::{Change, Error};
use crate::store::rows::ConnectionRow;

/// What removing a connection would do, or did.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ConnectionRemoval)]
pub struct Removal {
    /// The connection.
    #[schema(value_type = String, format = "uuid")]
    pub connection_id: ConnectionId,
    /// Its name: where many people come by it, this or the digest confirms the removal.
    pub name: String,
    /// What becomes of its own people.
    pub remains: Remains,
    /// How many people stay, with another directory or with none.
    pub kept: usize,
    /// How many people are suspended.
    pub suspended: usize,
    /// How many people are suspended, and deleted after 30 days.
    pub deleted: usize,
    /// How many groups go.
    pub groups: usize,
    /// How many rules go.
    pub rules: usize,
    /// How many SCIM tokens and OAuth clients go that are good now.
    pub tokens: usize,
    /// How many sessions end.
    pub sessions: usize,
    /// How many people would have less than now, and more nowhere.
    pub lost: usize,
    /// How many people would have more than now, and less nowhere.
    pub gained: usize,
    /// How many people would have more here and less there.
    pub changed: usize,
    /// Who would become an admin, or more.
    #[schema(value_type = Vec<String>)]
    pub become_admin: Vec<UserId>,
    /// Who would lose their last role in a project.
    #[schema(value_type = Vec<String>)]
    pub lose_last_project: Vec<UserId>,
    /// Who would have no role at all.
    #[schema(value_type = Vec<String>)]
    pub lose_every_role: Vec<UserId>,
    /// Everybody who comes by the connection, in the order of ids.
    pub people: Vec<Parted>,
    /// What the connection's safeguard would say if its directory did the same.
    pub safeguard: Vec<Outlook>,
    /// Whether the digest or the name is needed.
    pub needs_confirmation: bool,
    /// What the plan is known by: applying with it does this, or nothing.
    pub digest: String,
    #[serde(skip)]
    plan: Plan,
}

/// What becomes of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PartedUser)]
pub struct Parted {
    /// The person.
    #[schema(value_type = String, format = "uuid")]
    pub user_id: UserId,
    /// Their sign-in address.
    pub email: Option<String>,
    /// What becomes of them.
    pub becomes: Fate,
    /// The connection whose directory manages them then.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub managed_by: Option<ConnectionId>,
    /// Whether their roles are more or less then; null where they stay the same.
    pub outcome: Option<Outcome>,
    /// The roles now.
    pub from: Roles,
    /// The roles then.
    pub to: Roles,
}

/// What of a removal is counted before it is taken back.
struct Counts {
    groups: usize,
    sessions: usize,
}

/// Tells what removing a connection would do, and does nothing.
pub async fn outlook(
    change: &mut Change<'_>,
    id: ConnectionId,
    remains: Remains,
) -> Result<Removal, Error> {
    let row = row(change, id).await?;
    let rules = change.tx.mappings(change.org).await?;
    let rules = rules.iter().filter(|it| it.connection_id == id).count();
    let tokens = tokens(change, id).await?;
    let rehearsal = plan::begin(change).await?;
    let end = End::of(change, row.clone(), remains).await?;
    let own = end.own().count();
    let done = end.run(change).await?;
    let count = |kind| change.events.iter().filter(|it| it.kind == kind).count();
    let counts = Counts {
        groups: count(EventKind::GroupDeleted),
        sessions: count(EventKind::SessionRevoked),
    };
    let fates: BTreeMap<_, _> = done.fates.iter().copied().collect();
    let ids: Vec<_> = fates.keys().copied().collect();
    let after = change.tx.users_by_ids(change.org, &ids).await?;
    let managed = after
        .iter()
        .map(|it| (it.id, (it.managed_by, it.email.clone())));
    let managed: BTreeMap<_, _> = managed.collect();
    let said = json!({"connection_id": id, "people": remains, "fates": fates});
    let (plan, everybody) = rehearsal.end_with(change, &said, Some(id)).await?;
    let people = people(&fates, &managed, &everybody);
    Ok(Removal {
        kept: done.kept,
        suspended: done.suspended,
        deleted: done.deleted,
        rules,
        tokens,
        needs_confirmation: own > limits::UNCONFIRMED_PEOPLE,
        ..Removal::of((&row, remains), counts, people, plan)
    })
}

/// Removes a connection as it was shown: with a digest only if it still is what was shown; without one only
/// where few people come by it, or its name was said.
pub async fn apply(
    change: &mut Change<'_>,
    id: ConnectionId,
    remains: Remains,
    digest: Option<&str>,
    confirmed: Option<&str>,
) -> Result<Removal, Error> {
    let removal = outlook(change, id, remains).await?;
    if digest.is_some_and(|it| it != removal.digest) {
        return Err(Error::Plan(Box::new(removal.plan), false));
    }
    let row = row(change, id).await?;
    let end = End::of(change, row, remains).await?;
    if digest.is_none() {
        end.refuse_unconfirmed(confirmed)?;
    }
    end.run(change).await?;
    Ok(removal)
}

/// How many tokens and OAuth clients are good now.
async fn tokens(change: &mut Change<'_>, id: ConnectionId) -> Result<usize, Error> {
    let now = change.time();
    let tokens = change.tx.scim_tokens(change.org, id).await?;
    let clients = change.tx.oauth_clients(change.org, id).await?;
    let tokens = tokens.iter().filter(|it| it.is_live(now)).count();
    Ok(tokens + clients.iter().filter(|it| it.is_live(now)).count())
}

fn people(
    fates: &BTreeMap<UserId, Fate>,
    managed: &BTreeMap<UserId, (Option<ConnectionId>, Option<String>)>,
    everybody: &Everybody,
) -> Vec<Parted> {
    let parted = fates.iter().filter_map(|(id, becomes)| {
        let (from, to, outcome) = everybody.get(id)?.clone();
        let (managed_by, email) = managed.get(id).cloned().unwrap_or_default();
        Some(Parted {
            user_id: *id,
            email,
            becomes: *becomes,
            managed_by,
            outcome,
            from,
            to,
        })
    });
    parted.collect()
}

impl Removal {
    fn of(
        (row, remains): (&ConnectionRow, Remains),
        counts: Counts,
        people: Vec<Parted>,
        plan: Plan,
    ) -> Self {
        Self {
            connection_id: row.id,
            name: row.name.clone(),
            remains,
            kept: 0,
            suspended: 0,
            deleted: 0,
            groups: counts.groups,
            rules: 0,
            tokens: 0,
            sessions: counts.sessions,
            lost: plan.lost,
            gained: plan.gained,
            changed: plan.changed,
            become_admin: plan.become_admin.clone(),
            lose_last_project: plan.lose_last_project.clone(),
            lose_every_role: plan.lose_every_role.clone(),
            people,
            safeguard: plan.safeguard.clone(),
            needs_confirmation: false,
            digest: plan.digest.clone(),
            plan,
        }
    }
}
