//! The difference between what people have and what they should have: a pure function of what was read.

use std::collections::{BTreeMap, BTreeSet};

use crate::directory::connection::Mode;
use crate::directory::grant::{
    self, Entitlement, Grant, GrantSource, Resolution, Standing, Verdict,
};
use crate::directory::rulebook::Rule;
use crate::id::{GrantId, ProjectId, RoleId, UserId, WaiverId};
use crate::provisioning::mint::Mint;
use crate::provisioning::resolution::{Due, World, mapping_of};
use crate::provisioning::settle::waivers::{Waivers, reference};
use crate::store::rows::{GrantRow, UserProjectRow, UserRow, WaiverRow};
use crate::store::types::Time;

/// Why a grant that a rule gave is retired.
const NO_LONGER_DUE: &str = "no_longer_due";
/// Why a grant is retired whose rule says something else now.
const CHANGED: &str = "rule_changed";
/// Why a grant by hand is retired when the directory first decides.
const SUPERSEDED: &str = "superseded_by_directory";
/// Why a grant whose time is over is retired.
const EXPIRED: &str = "expired";

/// What was read of the people.
#[derive(Default)]
pub(super) struct Facts {
    /// What the rules give.
    pub(super) due: Vec<Due>,
    /// What they have.
    pub(super) live: Vec<GrantRow>,
    /// Where.
    pub(super) scopes: Vec<(GrantId, ProjectId)>,
    /// The roles in projects that are in force.
    pub(super) held: Vec<UserProjectRow>,
    /// What is not in force of what directories say.
    pub(super) waivers: Vec<WaiverRow>,
}

/// What is to be written.
#[derive(Default)]
pub(super) struct Outcome {
    /// Grants that end, by why.
    pub(super) retired: BTreeMap<&'static str, Vec<GrantId>>,
    /// Grants that begin.
    pub(super) made: Vec<GrantRow>,
    /// Where they count.
    pub(super) scopes: Vec<(GrantId, ProjectId)>,
    /// Everybody, in the order of their ids.
    pub(super) people: Vec<Person>,
    /// What directories say otherwise by now.
    pub(super) cleared: Vec<WaiverId>,
}

/// A person, before and after.
pub(super) struct Person {
    pub(super) id: UserId,
    pub(super) old: Entitlement,
    pub(super) resolution: Resolution,
    /// What ties them to the rules now, as it is kept.
    pub(super) tie: String,
    /// What rules gave, and do no longer.
    pub(super) gone: Vec<(GrantId, String)>,
    /// What rules give from now on, each with its role.
    pub(super) begun: Vec<(GrantId, String, RoleId)>,
    /// Whether rules still give something.
    pub(super) ruled: bool,
    /// Where rules begin to give something: the role that the person would have had while active, and would
    /// have since.
    pub(super) could: Option<(Option<RoleId>, Option<RoleId>)>,
}

/// What one person has, and what was read of them.
#[derive(Default)]
struct Own {
    due: Vec<Due>,
    live: Vec<GrantRow>,
    old: Entitlement,
    waivers: Waivers,
}

/// What the facts come to.
pub(super) fn of(world: &World, facts: &Facts, mint: &Mint) -> Outcome {
    let mut own: BTreeMap<UserId, Own> = BTreeMap::new();
    for due in &facts.due {
        own.entry(due.0).or_default().due.push(due.clone());
    }
    for row in &facts.live {
        own.entry(row.user_id).or_default().live.push(row.clone());
    }
    for row in &facts.waivers {
        own.entry(row.user_id).or_default().waivers.add(row);
    }
    for row in &facts.held {
        let old = &mut own.entry(row.user_id).or_default().old;
        old.projects.insert(row.project_id, row.role_id);
    }
    let mut scopes: BTreeMap<GrantId, Vec<(GrantId, ProjectId)>> = BTreeMap::new();
    for scope in &facts.scopes {
        scopes.entry(scope.0).or_default().push(*scope);
    }
    let mut outcome = Outcome::default();
    for user in world.users.values() {
        let mut mine = own.remove(&user.id).unwrap_or_default();
        mine.old.role = user.role_id;
        let person = one(world, user.id, mine, (&scopes, mint), &mut outcome);
        outcome.people.extend(person);
    }
    outcome
}

type Scopes = BTreeMap<GrantId, Vec<(GrantId, ProjectId)>>;

fn one(
    world: &World,
    id: UserId,
    mut own: Own,
    (scopes, mint): (&Scopes, &Mint),
    outcome: &mut Outcome,
) -> Option<Person> {
    let user = world.users.get(&id)?;
    let as_grant = |row: &GrantRow| {
        let scope = scopes.get(&row.id).map_or(&[][..], Vec::as_slice);
        world.grant(row, scope)
    };
    let before: Vec<Grant> = own.live.iter().map(as_grant).collect();
    let due = own.waivers.in_force(
        std::mem::take(&mut own.due),
        &own.live,
        &mut outcome.cleared,
    );
    let Stays {
        mut keep,
        there,
        gone,
    } = stays(world, &own, (&due, scopes, mint), outcome);
    let mut begun = Vec::new();
    for due in due
        .iter()
        .filter(|due| !there.contains(&(due.2, due.3.as_str())))
    {
        let Some(rule) = world.book.rules.get(&due.1) else {
            continue;
        };
        let row = mint.grant(due.0, rule.role, (due.2, due.3.clone()));
        begun.push((row.id, reference(due.2, &due.3), rule.role));
        keep.push(outcome.make(world, row, rule));
    }
    let ruled = keep.iter().any(|grant| grant.source.is_by_rule());
    if governs_first(world, &before, &keep, (user, mint.at)) {
        for grant in keep.iter().filter(|it| is_by_hand(it)) {
            outcome.retire(SUPERSEDED, grant.id);
        }
        keep.retain(|it| !is_by_hand(it));
    }
    let resolution = world.resolve(user, &keep, mint.at);
    let tie = serde_json::json!(world.tie(user)).to_string();
    let old = own.old;
    Some(Person {
        id,
        old,
        resolution,
        tie,
        gone,
        could: (!begun.is_empty()).then(|| could(world, user, (&before, &keep), mint.at)),
        begun,
        ruled,
    })
}

/// What stays of what a person has.
#[derive(Default)]
struct Stays<'o> {
    keep: Vec<Grant>,
    there: BTreeSet<(GrantSource, &'o str)>,
    gone: Vec<(GrantId, String)>,
}

/// Ends what rules give no longer and what is over, and gives anew what its rule says otherwise by now.
fn stays<'o>(
    world: &World,
    own: &'o Own,
    (due, scopes, mint): (&[Due], &Scopes, &Mint),
    outcome: &mut Outcome,
) -> Stays<'o> {
    let wanted: BTreeSet<_> = due.iter().map(|due| (due.2, due.3.as_str())).collect();
    let mut stays = Stays::default();
    for row in &own.live {
        let of = (row.source, row.source_ref.as_str());
        let is_due = wanted.contains(&of) || own.waivers.keeps(world, row);
        if row.source.is_by_rule() && !is_due {
            outcome.retire(NO_LONGER_DUE, row.id);
            let reference = reference(row.source, &row.source_ref);
            stays.gone.push((row.id, reference));
        } else if row.ends_at.is_some_and(|end| end <= mint.at) {
            outcome.retire(EXPIRED, row.id);
        } else if let Some(rule) = other_rule(world, row, scopes) {
            // As the rule is now, for whoever keeps it, too.
            outcome.retire(CHANGED, row.id);
            let anew = mint.grant(row.user_id, rule.role, (of.0, of.1.to_owned()));
            stays.there.insert(of);
            stays.keep.push(outcome.make(world, anew, rule));
        } else {
            let scope = scopes.get(&row.id).map_or(&[][..], Vec::as_slice);
            stays.there.insert(of);
            stays.keep.push(world.grant(row, scope));
        }
    }
    stays
}

/// What holds of a person beside the grants, as if they were active and held no title: what counts does not
/// hang on whether it sleeps, or on what stands above it.
fn as_if_there(world: &World, user: &UserRow) -> Standing {
    Standing {
        active: true,
        owner: false,
        ..world.standing(user)
    }
}

/// The roles of these grants, before and after, while the person is active and holds no title.
fn could(
    world: &World,
    user: &UserRow,
    (before, after): (&[Grant], &[Grant]),
    at: Time,
) -> (Option<RoleId>, Option<RoleId>) {
    let standing = as_if_there(world, user);
    let role = |grants| {
        let resolution = grant::resolve(&standing, grants, &world.book.roles, at.0);
        resolution.entitlement.role
    };
    (role(before), role(after))
}

/// Whether a group of the directory gives something everywhere now, and none did before, where there are
/// grants by hand that it is to end: a person who later leaves the group does not fall back to a role that
/// everybody forgot.
fn governs_first(
    world: &World,
    before: &[Grant],
    after: &[Grant],
    (user, at): (&UserRow, Time),
) -> bool {
    let standing = as_if_there(world, user);
    if standing.mode != Mode::Authoritative || !after.iter().any(is_by_hand) {
        return false;
    }
    let governs = |grants: &[Grant]| {
        let verdicts = grant::resolve(&standing, grants, &world.book.roles, at.0).verdicts;
        let counts = |it: &Grant| {
            let verdict = verdicts.get(&it.id);
            verdict.is_some_and(|it| !matches!(it, Verdict::AboveCeiling | Verdict::Expired))
        };
        let wide = grants.iter().filter(|it| it.projects.is_empty());
        let mut groups = wide.filter(|it| it.source == GrantSource::DirectoryGroup);
        groups.any(counts)
    };
    governs(after) && !governs(before)
}

fn is_by_hand(grant: &Grant) -> bool {
    grant.source == GrantSource::Manual && grant.projects.is_empty()
}

/// The rule of a grant, where it says something else than when it gave the grant.
fn other_rule<'w>(world: &'w World, row: &GrantRow, scopes: &Scopes) -> Option<&'w Rule> {
    let rule = mapping_of(row).and_then(|id| world.book.rules.get(&id))?;
    let scope = scopes.get(&row.id).map_or(&[][..], Vec::as_slice);
    let scope: BTreeSet<_> = scope.iter().map(|(_, project)| *project).collect();
    (rule.role != row.role_id || rule.projects != scope).then_some(rule)
}

impl Outcome {
    /// A grant that begins, as its rule says.
    fn make(&mut self, world: &World, row: GrantRow, rule: &Rule) -> Grant {
        let scope: Vec<_> = rule.projects.iter().map(|it| (row.id, *it)).collect();
        let grant = world.grant(&row, &scope);
        self.scopes.extend(scope);
        self.made.push(row);
        grant
    }

    fn retire(&mut self, cause: &'static str, id: GrantId) {
        self.retired.entry(cause).or_default().push(id);
    }
}
