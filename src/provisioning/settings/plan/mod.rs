//! Plans: what a change of the rules would do to people's roles is shown before it is done. A plan has a
//! digest; applying with it does what was shown, or nothing.
//!
//! The outlook is made of the change itself, made and taken back within its transaction, and of the very
//! function that decides people's roles, so that it cannot differ from what applying does.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::directory::event::EventKind;
use crate::directory::mapping::Outcome;
use crate::directory::role::{ADMIN_RANK, Catalogue};
use crate::id::{RecomputeId, UserId};
use crate::limits;
use crate::provisioning::safeguards::Outlook;
use crate::provisioning::settings::catalogue;
use crate::provisioning::{Change, Error, recompute};
use crate::secret;

mod difference;
mod outlook;
mod proposal;

pub use difference::{Difference, Roles};
pub use outlook::{Ahead, Shape, shape, shaped};
pub(in crate::provisioning) use outlook::{Everybody, begin};
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
    /// Who, and what, in the order of ids: the first thousand.
    pub people: Vec<Difference>,
    /// What the safeguards would say if the directories of these people did the same now. What an admin does
    /// is not held by them; and as it depends on the hour, it is no part of the digest.
    pub safeguard: Vec<Outlook>,
    /// What the plan is known by: applying with it does this, or nothing.
    pub digest: String,
}

/// A plan that was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Applied {
    /// What was planned.
    #[serde(flatten)]
    pub plan: Plan,
    /// Where the roles of many people are computed in batches: what tells how far that is. Until a batch
    /// comes to somebody, the role that they had is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    pub recompute_id: Option<RecomputeId>,
}

/// Does what these proposals say, together. With a digest only if it still is what was shown; without one
/// only where few people's roles change.
///
/// What few people have, at most [`limits::RECOMPUTED_AT_ONCE`], is compared within the change and is
/// exactly what was shown. Of more, `seen` says what was there just before it ([`Shape::ahead`]).
pub async fn apply(
    change: &mut Change<'_>,
    proposals: &[Proposal],
    digest: Option<&str>,
    seen: Option<&Ahead>,
) -> Result<Applied, Error> {
    let before = change.events.len();
    let roles = catalogue(change.tx, change.org).await?;
    for proposal in proposals {
        proposal.make(change, true).await?;
    }
    // Nobody is to hold a role that is gone, not even for a while.
    let at_once = proposals.iter().any(Proposal::ends_a_role);
    let many = !at_once && change.touched.len() > limits::RECOMPUTED_AT_ONCE;
    let plan = if let Some(seen) = seen.filter(|_| many) {
        let organization = change.tx.organization(change.org).await?;
        if organization.is_none_or(|it| it.policy_rev != seen.rev) {
            return Err(Error::Stale);
        }
        seen.plan.clone()
    } else {
        let shape = Shape::of(change, roles, json!(proposals)).await?;
        shape.foresee_in(change.tx).await?
    };
    let plan = plan.agreed(digest)?;
    if change.events.len() == before {
        let recompute_id = None;
        return Ok(Applied { plan, recompute_id });
    }
    let recompute_id = if many {
        if !plan.become_admin.is_empty() {
            // Whoever waits for a batch is made one in nobody's presence.
            change.may_give(ADMIN_RANK)?;
        }
        recompute::begin(change).await?
    } else {
        None
    };
    let data = json!({
        "gained": plan.gained,
        "lost": plan.lost,
        "changed": plan.changed,
        "become_admin": plan.become_admin,
        "digest": plan.digest,
        "recompute_id": recompute_id,
    });
    change.record(EventKind::MappingApplied, data);
    Ok(Applied { plan, recompute_id })
}

impl Plan {
    /// How many people's roles would change.
    pub fn count(&self) -> usize {
        self.gained + self.lost + self.changed
    }

    /// The plan, if somebody saw it: with a digest only where it is this one's, without one only where few
    /// people's roles change.
    pub(in crate::provisioning) fn agreed(self, digest: Option<&str>) -> Result<Self, Error> {
        let touched = self.count();
        self.agreed_of(digest, touched)
    }

    /// The same, of a plan that touches so many people.
    pub(in crate::provisioning) fn agreed_of(
        self,
        digest: Option<&str>,
        touched: usize,
    ) -> Result<Self, Error> {
        let few = touched <= limits::UNCONFIRMED_PEOPLE;
        match digest {
            Some(digest) if digest == self.digest => Ok(self),
            None if few => Ok(self),
            shown => Err(Error::Plan(Box::new(self), shown.is_none())),
        }
    }

    fn of(mut people: Vec<Difference>, roles: &Catalogue, said: &Value) -> Self {
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
        let mut plan = Self {
            gained: count(Outcome::Gained),
            lost: count(Outcome::Lost),
            changed: count(Outcome::Changed),
            become_admin: who(&|it| is_admin(&it.to) && !is_admin(&it.from)),
            lose_last_project: who(&|it| it.to.projects.is_empty() && !it.from.projects.is_empty()),
            lose_every_role: who(&|it| nothing(&it.to) && !nothing(&it.from)),
            safeguard: Vec::new(),
            digest: URL_SAFE_NO_PAD.encode(secret::hash(&text)),
            people: Vec::new(),
        };
        people.truncate(limits::PLAN_PEOPLE);
        plan.people = people;
        plan
    }
}

/// What of the people a plan is about: addresses may change meanwhile.
fn digestible(people: &[Difference]) -> Vec<(UserId, &Roles, &Roles)> {
    let roles = people.iter().map(|it| (it.user_id, &it.from, &it.to));
    roles.collect()
}
