//! Plans: what a change of the rules would do to people's roles is shown before it is done. A plan has a
//! digest; applying with it does what was shown, or nothing.
//!
//! The outlook is the change itself, made and taken back within its transaction, so that it cannot differ
//! from what applying does.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::directory::mapping::Outcome;
use crate::directory::role::{ADMIN_RANK, Catalogue};
use crate::id::{SafeguardId, UserId};
use crate::limits;
use crate::provisioning::settings::catalogue;
use crate::provisioning::{Change, Error, Recorded, settle};
use crate::secret;

mod difference;
mod proposal;

pub use difference::{Difference, Roles};
pub use proposal::{DefaultRole, Proposal, Removal};

/// What a change would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Plan {
    /// People who would have more than now, and less nowhere.
    pub gained: usize,
    /// People who would have less than now, and more nowhere.
    pub lost: usize,
    /// People who would have more here and less there.
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
    /// Who, and what, in the order of ids.
    pub people: Vec<Difference>,
    /// What the plan is known by: applying with it does this, or nothing.
    pub digest: String,
}

/// A change that is being rehearsed.
pub(in crate::provisioning) struct Rehearsal {
    events: Vec<Recorded>,
    touched: BTreeSet<UserId>,
    held: Option<SafeguardId>,
    /// The roles before: one that goes is still named by what people had.
    roles: Catalogue,
}

/// Begins a rehearsal: what is done from here on is looked at, and taken back.
pub(in crate::provisioning) async fn begin(change: &mut Change<'_>) -> Result<Rehearsal, Error> {
    let rehearsal = Rehearsal {
        roles: catalogue(change.tx, change.org).await?,
        events: std::mem::take(&mut change.events),
        touched: std::mem::take(&mut change.touched),
        held: change.held,
    };
    change.tx.open_step().await?;
    Ok(rehearsal)
}

impl Rehearsal {
    /// Ends it; answers what became of people. What was `said` goes into the digest.
    pub(in crate::provisioning) async fn end(
        self,
        change: &mut Change<'_>,
        said: &Value,
    ) -> Result<Plan, Error> {
        let people: Vec<_> = change.touched.iter().copied().collect();
        let before = difference::held(change.tx, change.org, &people, &self.roles).await?;
        settle::settle(change).await?;
        let after = difference::held(change.tx, change.org, &people, &self.roles).await?;
        let roles = self.roles;
        change.tx.undo_step().await?;
        change.events = self.events;
        change.touched = self.touched;
        change.held = self.held;
        let mut people = difference::differences(&before, &after, &roles);
        let ids: Vec<_> = people.iter().map(|person| person.user_id).collect();
        let users = change.tx.users_by_ids(change.org, &ids).await?;
        let addresses: BTreeMap<_, _> = users.into_iter().map(|it| (it.id, it.email)).collect();
        for person in &mut people {
            person.email = addresses.get(&person.user_id).cloned().flatten();
        }
        Ok(Plan::of(people, &roles, said))
    }
}

/// Tells what these proposals together would do, and does nothing.
pub async fn outlook(change: &mut Change<'_>, proposals: &[Proposal]) -> Result<Plan, Error> {
    if proposals.len() > limits::PROPOSALS {
        let rule = format!("at most {} changes at once", limits::PROPOSALS);
        return Err(Violation::Invalid(rule).into());
    }
    let rehearsal = begin(change).await?;
    for proposal in proposals {
        proposal.make(change, false).await?;
    }
    rehearsal.end(change, &json!(proposals)).await
}

/// Does what these proposals say, together. With a digest only if it still is what was shown; without one
/// only where few people's roles change.
pub async fn apply(
    change: &mut Change<'_>,
    proposals: &[Proposal],
    digest: Option<&str>,
) -> Result<Plan, Error> {
    let plan = outlook(change, proposals).await?.agreed(digest)?;
    let before = change.events.len();
    for proposal in proposals {
        proposal.make(change, true).await?;
    }
    if change.events.len() == before {
        return Ok(plan);
    }
    let data = json!({
        "gained": plan.gained,
        "lost": plan.lost,
        "changed": plan.changed,
        "become_admin": plan.become_admin,
        "digest": plan.digest,
    });
    change.record(EventKind::MappingApplied, data);
    Ok(plan)
}

impl Plan {
    /// The plan, if somebody saw it: with a digest only where it is this one's, without one only where few
    /// people's roles change.
    pub(in crate::provisioning) fn agreed(self, digest: Option<&str>) -> Result<Self, Error> {
        let few = self.people.len() <= limits::UNCONFIRMED_PEOPLE;
        match digest {
            Some(digest) if digest == self.digest => Ok(self),
            None if few => Ok(self),
            shown => Err(Error::Plan(Box::new(self), shown.is_none())),
        }
    }

    fn of(people: Vec<Difference>, roles: &Catalogue, said: &Value) -> Self {
        let count = |outcome| people.iter().filter(|it| it.outcome == outcome).count();
        let who = |is: &dyn Fn(&Difference) -> bool| {
            let those = people.iter().filter(|it| is(it));
            those.map(|it| it.user_id).collect::<Vec<_>>()
        };
        let is_admin = |held: &Roles| {
            let role = held.role.as_ref().and_then(|slug| roles.by_slug(slug));
            role.is_some_and(|role| role.rank >= ADMIN_RANK)
        };
        let nothing = |held: &Roles| held.role.is_none() && held.projects.is_empty();
        let text = json!({"said": said, "people": digestible(&people)}).to_string();
        Self {
            gained: count(Outcome::Gained),
            lost: count(Outcome::Lost),
            changed: count(Outcome::Changed),
            become_admin: who(&|it| is_admin(&it.to) && !is_admin(&it.from)),
            lose_last_project: who(&|it| it.to.projects.is_empty() && !it.from.projects.is_empty()),
            lose_every_role: who(&|it| nothing(&it.to) && !nothing(&it.from)),
            digest: URL_SAFE_NO_PAD.encode(secret::hash(&text)),
            people,
        }
    }
}

/// What of the people a plan is about: addresses may change meanwhile.
fn digestible(people: &[Difference]) -> Vec<(UserId, &Roles, &Roles)> {
    let roles = people.iter().map(|it| (it.user_id, &it.from, &it.to));
    roles.collect()
}
