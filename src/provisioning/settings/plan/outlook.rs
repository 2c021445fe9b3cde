//! Looking ahead: what rules that are only thought of would make of people. The rules are made, read and
//! taken back in a short change; the people are read afterwards, some at a time, so that nobody waits while
//! an admin looks.

use std::sync::Arc;

use futures_util::FutureExt;
use serde_json::{Value, json};

use crate::directory::Violation;
use crate::directory::grant::Entitlement;
use crate::directory::role::Catalogue;
use crate::id::{OrganizationId, RoleId, SafeguardId, UserId};
use crate::limits;
use crate::provisioning::mint::Mint;
use crate::provisioning::resolution::Rules;
use crate::provisioning::settings::catalogue;
use crate::provisioning::settings::plan::difference::{Difference, Roles, difference};
use crate::provisioning::settings::plan::{Plan, Proposal};
use crate::provisioning::{Change, Context, Error, Recorded, change, settle};
use crate::store::types::Time;
use crate::store::{Store, Tx};

/// Rules that are only thought of, and whom they bear on.
#[derive(Clone)]
pub struct Shape {
    org: OrganizationId,
    rules: Rules,
    /// The roles before: one that goes is still named by what people had.
    roles: Catalogue,
    people: Vec<UserId>,
    said: Value,
    mint: Mint,
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
    let shape = Shape::of(change, rehearsal.roles.clone(), json!(proposals)).await?;
    rehearsal.undo(change).await?;
    Ok(shape)
}

/// What these proposals together would do.
pub async fn outlook(
    store: &Store,
    org: OrganizationId,
    context: Context,
    proposals: Vec<Proposal>,
) -> Result<Plan, Error> {
    let shaped = change(store, org, context, move |change| {
        let proposals = proposals.clone();
        async move { shape(change, &proposals).await }.boxed()
    });
    shaped.await?.foresee(store).await
}

impl Shape {
    /// The rules as they are within a change, and whom it touched.
    pub(super) async fn of(
        change: &mut Change<'_>,
        roles: Catalogue,
        said: Value,
    ) -> Result<Self, Error> {
        let mut rules = Rules::load(change.tx, change.org).await?;
        rules.foreseen = true;
        Ok(Self {
            org: change.org,
            rules,
            roles,
            people: change.touched.iter().copied().collect(),
            said,
            mint: Mint::of(change.org, &change.context, Time(change.now)),
        })
    }

    /// What they would make of people, read some people at a time: each as they are when they are read.
    pub async fn foresee(self, store: &Store) -> Result<Plan, Error> {
        let (shape, mut people) = (Arc::new(self), Vec::new());
        for from in (0..shape.people.len()).step_by(limits::FORESEEN) {
            let shape = shape.clone();
            let some = store.read(move |tx| {
                let shape = shape.clone();
                async move { shape.some(tx, from).await }.boxed()
            });
            people.extend(some.await?);
        }
        Ok(Plan::of(people, &shape.roles, &shape.said))
    }

    /// The same within a change.
    pub(super) async fn foresee_in(&self, tx: &mut Tx) -> Result<Plan, Error> {
        let mut people = Vec::new();
        for from in (0..self.people.len()).step_by(limits::FORESEEN) {
            people.extend(self.some(tx, from).await?);
        }
        Ok(Plan::of(people, &self.roles, &self.said))
    }

    async fn some(&self, tx: &mut Tx, from: usize) -> Result<Vec<Difference>, Error> {
        let some = self.people.iter().skip(from).take(limits::FORESEEN);
        let some: Vec<_> = some.copied().collect();
        let by = (self.rules.clone(), &self.mint);
        let differ = settle::foresee(tx, self.org, by, &some).await?.into_iter();
        let told = differ.filter_map(|it| {
            let (from, to) = (self.told(&it.from), self.told(&it.to));
            difference((it.user, it.email), from, to, &self.roles)
        });
        Ok(told.collect())
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
    touched: std::collections::BTreeSet<UserId>,
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
        let shape = Shape::of(change, self.roles.clone(), said.clone()).await?;
        let plan = shape.foresee_in(change.tx).await?;
        self.undo(change).await?;
        Ok(plan)
    }

    async fn undo(self, change: &mut Change<'_>) -> Result<(), Error> {
        change.tx.undo_step().await?;
        change.events = self.events;
        change.touched = self.touched;
        change.held = self.held;
        Ok(())
    }
}
