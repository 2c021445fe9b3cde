//! Looking ahead: what rules that are only thought of would make of people. The rules are made, read and
//! taken back in a short change; the people are read afterwards, some at a time, so that nobody waits while
//! an admin looks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::FutureExt;
use serde_json::{Value, json};

use crate::directory::Violation;
use crate::directory::grant::Entitlement;
use crate::directory::mapping::Outcome;
use crate::directory::role::Catalogue;
use crate::id::{ConnectionId, OrganizationId, RoleId, SafeguardId, UserId};
use crate::limits;
use crate::provisioning::mint::Mint;
use crate::provisioning::resolution::Rules;
use crate::provisioning::settings::catalogue;
use crate::provisioning::settings::plan::difference::{Difference, Roles, difference};
use crate::provisioning::settings::plan::{Plan, Proposal};
use crate::provisioning::settle::Counted;
use crate::provisioning::{Change, Context, Error, Recorded, change, safeguards, settle};
use crate::store::types::Time;
use crate::store::{Store, Tx};

/// The roles that people hold before and after, and whether that is more or less.
pub(in crate::provisioning) type Everybody = BTreeMap<UserId, (Roles, Roles, Option<Outcome>)>;

/// What was seen of people.
#[derive(Default)]
struct Seen {
    /// Whose roles differ.
    people: Vec<Difference>,
    /// What a safeguard would count of them.
    counted: Vec<Counted>,
    everybody: Everybody,
}

impl Seen {
    fn extend(&mut self, more: Self) {
        self.people.extend(more.people);
        self.counted.extend(more.counted);
        self.everybody.extend(more.everybody);
    }
}

/// Rules that are only thought of, and whom they bear on.
#[derive(Clone)]
pub struct Shape {
    org: OrganizationId,
    rules: Arc<Rules>,
    /// The roles before: one that goes is still named by what people had.
    roles: Catalogue,
    people: Vec<UserId>,
    said: Value,
    mint: Mint,
    /// What was seen within the change, where more is thought of than rules.
    seen: Option<Plan>,
}

/// What was seen just before a change, and of which rules.
#[derive(Clone)]
pub struct Ahead {
    pub(super) plan: Plan,
    /// The revision of the rules before the change.
    pub(super) rev: i64,
}

/// Makes these changes of the rules, looks at what the rules are then, and takes them back.
pub async fn shape(change: &mut Change<'_>, proposals: &[Proposal]) -> Result<Shape, Error> {
    if proposals.len() > limits::PROPOSALS {
        let rule = format!("at most {} changes at once", limits::PROPOSALS);
        return Err(Violation::Invalid(rule).into());
    }
    let rehearsal = begin(change).await?;
    for proposal in proposals {
        proposal.make(change, false).await?;
    }
    let mut shape = Shape::of(change, rehearsal.roles.clone(), json!(proposals)).await?;
    // What people gave by hand moves, too, and is looked at where it has moved.
    if proposals.iter().any(Proposal::ends_a_role) {
        shape.seen = Some(shape.foresee_in(change.tx).await?);
    }
    rehearsal.undo(change).await?;
    Ok(shape)
}

/// The same, as a change of its own.
pub async fn shaped(
    store: &Store,
    org: OrganizationId,
    context: Context,
    proposals: Vec<Proposal>,
) -> Result<Shape, Error> {
    change(store, org, context, move |change| {
        let proposals = proposals.clone();
        async move { shape(change, &proposals).await }.boxed()
    })
    .await
}

impl Shape {
    /// The rules as they are within a change, and whom it touched.
    pub(super) async fn of(
        change: &mut Change<'_>,
        roles: Catalogue,
        said: Value,
    ) -> Result<Self, Error> {
        let rules = Rules::load(change.tx, change.org).await?;
        let mut rules = Arc::unwrap_or_clone(rules);
        rules.foreseen = true;
        Ok(Self {
            org: change.org,
            rules: Arc::new(rules),
            roles,
            people: change.touched.iter().copied().collect(),
            said,
            seen: None,
            mint: Mint::of(change.org, &change.context, Time(change.now)),
        })
    }

    /// What they would make of people, read some people at a time: each as they are when they are read.
    pub async fn foresee(self, store: &Store) -> Result<Plan, Error> {
        if let Some(plan) = self.seen {
            return Ok(plan);
        }
        let (shape, mut seen) = (Arc::new(self), Seen::default());
        for from in (0..shape.people.len()).step_by(limits::FORESEEN) {
            let shape = shape.clone();
            let some = store.read(move |tx| {
                let shape = shape.clone();
                async move { shape.some(tx, from).await }.boxed()
            });
            seen.extend(some.await?);
        }
        let (org, now, counted) = (shape.org, shape.mint.at.0, Arc::new(seen.counted));
        let safeguard = store.read(move |tx| {
            let counted = counted.clone();
            async move { safeguards::outlook(tx, (org, now), &counted, None).await }.boxed()
        });
        Ok(Plan {
            safeguard: safeguard.await?,
            ..Plan::of(seen.people, &shape.roles, &shape.said)
        })
    }

    /// The same, where they bear on more people than applying looks at itself: what `apply` takes as seen.
    pub async fn ahead(self, store: &Store) -> Result<Option<Ahead>, Error> {
        if self.seen.is_some() || self.people.len() <= limits::RECOMPUTED_AT_ONCE {
            return Ok(None);
        }
        let rev = self.rules.rev;
        let plan = self.foresee(store).await?;
        Ok(Some(Ahead { plan, rev }))
    }

    /// The same within a change.
    pub(super) async fn foresee_in(&self, tx: &mut Tx) -> Result<Plan, Error> {
        let seen = self.seen(tx).await?;
        let at = (self.org, self.mint.at.0);
        Ok(Plan {
            safeguard: safeguards::outlook(tx, at, &seen.counted, None).await?,
            ..Plan::of(seen.people, &self.roles, &self.said)
        })
    }

    async fn seen(&self, tx: &mut Tx) -> Result<Seen, Error> {
        let mut seen = Seen::default();
        for from in (0..self.people.len()).step_by(limits::FORESEEN) {
            seen.extend(self.some(tx, from).await?);
        }
        Ok(seen)
    }

    async fn some(&self, tx: &mut Tx, from: usize) -> Result<Seen, Error> {
        let some = self.people.iter().skip(from).take(limits::FORESEEN);
        let some: Vec<_> = some.copied().collect();
        let by = (self.rules.clone(), &self.mint);
        let mut seen = Seen::default();
        for it in settle::foresee(tx, self.org, by, &some).await? {
            let (from, to) = (self.told(&it.from), self.told(&it.to));
            let who = (it.counted.user, it.email);
            let difference = difference(who, from.clone(), to.clone(), &self.roles);
            let outcome = difference.as_ref().map(|it| it.outcome);
            seen.everybody.insert(it.counted.user, (from, to, outcome));
            if let Some(difference) = difference {
                seen.people.push(difference);
                seen.counted.push(it.counted);
            }
        }
        Ok(seen)
    }

    /// An entitlement, as plans tell it.
    fn told(&self, entitlement: &Entitlement) -> Roles {
        let slug = |role: RoleId| self.roles.role(role).map(|role| role.slug.clone());
        let projects = entitlement.projects.iter().filter_map(|(project, role)| {
            let project = self.rules.book.projects.get(project)?;
            Some((project.clone(), slug(*role).unwrap_or_default()))
        });
        Roles {
            role: entitlement.role.and_then(slug),
            projects: projects.collect(),
        }
    }
}

/// A change that is being rehearsed.
pub(in crate::provisioning) struct Rehearsal {
    events: Vec<Recorded>,
    touched: BTreeSet<UserId>,
    held: Option<SafeguardId>,
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
    /// Ends it; answers what would become of people. What was `said` goes into the digest.
    pub(in crate::provisioning) async fn end(
        self,
        change: &mut Change<'_>,
        said: &Value,
    ) -> Result<Plan, Error> {
        let (plan, _) = self.end_with(change, said, None).await?;
        Ok(plan)
    }

    /// The same, with everybody's roles before and after; of what is all one connection's doing.
    pub(in crate::provisioning) async fn end_with(
        self,
        change: &mut Change<'_>,
        said: &Value,
        doer: Option<ConnectionId>,
    ) -> Result<(Plan, Everybody), Error> {
        let shape = Shape::of(change, self.roles.clone(), said.clone()).await?;
        // What safeguards count is counted as things are.
        let mut seen = shape.seen(change.tx).await?;
        let roles = self.roles.clone();
        self.undo(change).await?;
        let at = (change.org, change.now);
        let plan = Plan {
            safeguard: safeguards::outlook(change.tx, at, &seen.counted, doer).await?,
            ..Plan::of(std::mem::take(&mut seen.people), &roles, said)
        };
        Ok((plan, seen.everybody))
    }

    async fn undo(self, change: &mut Change<'_>) -> Result<(), Error> {
        change.tx.undo_step().await?;
        change.events = self.events;
        change.touched = self.touched;
        change.held = self.held;
        Ok(())
    }
}
