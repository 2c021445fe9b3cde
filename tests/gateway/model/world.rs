//! What should hold, kept in memory: people, groups, rules, grants and invitations of one organization, by the
//! decision list alone and without a line of the product's.

use std::collections::{BTreeMap, BTreeSet};

use super::steps::Step;

/// Addresses, groups and roles that occur.
pub(super) const ADDRESSES: usize = 4;
pub(super) const GROUPS: usize = 2;
pub(super) const ROLES: [&str; 3] = ["viewer", "editor", "admin"];
/// The role of those whom nothing else gives one.
const DEFAULT: usize = 0;
pub(super) const ADMIN: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Override,
    Group(usize),
    /// A group that a sign-in named.
    Named(usize),
    Hand,
    HandSite,
    Invited,
}

#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) source: Source,
    pub(super) role: usize,
    /// Whether it counts in the project alone.
    pub(super) site: bool,
    /// Which wording of its rule gave it.
    pub(super) wording: usize,
    pub(super) ends: Option<i64>,
}

/// Somebody who came.
#[derive(Clone, Debug, Default)]
pub(super) struct Person {
    pub(super) address: usize,
    /// Whether a resource of the directory is theirs.
    pub(super) managed: bool,
    pub(super) by_directory: Option<i64>,
    pub(super) by_admin: bool,
    pub(super) deleted: Option<i64>,
    pub(super) grants: Vec<Grant>,
    pub(super) role: Option<usize>,
    pub(super) site: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) role: usize,
    pub(super) site: bool,
    pub(super) wording: usize,
}

/// What the directory keeps at an address: whether it says that they are active, and who they are; nobody
/// where a privileged person's yes is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resource {
    pub(super) active: bool,
    pub(super) person: Option<usize>,
}

/// What a step was answered, and what it told of people: the type of event, whose, the role and the role in
/// the project since.
pub(super) type Told = (String, usize, Option<&'static str>, Option<&'static str>);

#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) people: Vec<Person>,
    /// By address.
    pub(super) resources: [Option<Resource>; ADDRESSES],
    /// Who signed in with the subject of each address, and the groups that the last sign-in named.
    pub(super) links: [Option<(usize, u8)>; ADDRESSES],
    /// Whether the directory ever had a group.
    pub(super) grouped: bool,
    /// Members by address; none where there is no such group.
    pub(super) groups: [Option<BTreeSet<usize>>; GROUPS],
    pub(super) rules: [Option<Rule>; GROUPS],
    pub(super) invited: BTreeMap<usize, (usize, i64)>,
    pub(super) day: i64,
    pub(super) wording: usize,
}

impl Person {
    pub(super) fn state(&self) -> &'static str {
        if self.deleted.is_some() {
            "deleted"
        } else if self.by_directory.is_some() || self.by_admin {
            "suspended"
        } else {
            "active"
        }
    }

    pub(super) fn is_here(&self) -> bool {
        self.deleted.is_none()
    }

    pub(super) fn active(&self) -> bool {
        self.state() == "active"
    }

    /// The grants that count: groups that sign-ins name do not, once the directory has groups and names the
    /// person itself.
    pub(super) fn counting(&self, grouped: bool) -> impl Iterator<Item = &Grant> + Clone {
        let governed = grouped && self.managed;
        let grants = self.grants.iter();
        grants.filter(move |grant| !(governed && matches!(grant.source, Source::Named(_))))
    }

    /// Which grant decides everywhere: an override, then groups, then what was given by hand, then what the
    /// person was invited to; in each the highest.
    pub(super) fn decides(&self, grouped: bool) -> Option<&Grant> {
        let layer = |grant: &Grant| match grant.source {
            Source::Override => 0,
            Source::Group(_) | Source::Named(_) => 1,
            Source::Hand | Source::HandSite => 2,
            Source::Invited => 3,
        };
        let wide = self.counting(grouped).filter(|grant| !grant.site);
        wide.min_by_key(|grant| (layer(grant), std::cmp::Reverse(grant.role)))
    }

    pub(super) fn entitled(&self, grouped: bool) -> (Option<usize>, Option<usize>) {
        if !self.active() {
            return (None, None);
        }
        let counting = self.counting(grouped);
        let site = counting.clone().filter(|grant| grant.site);
        let site = site.map(|grant| grant.role).max();
        let role = match self.decides(grouped) {
            Some(grant) => Some(grant.role),
            None if counting.count() == 0 => Some(DEFAULT),
            None => None,
        };
        (role, site)
    }

    /// Whether nobody's word but their own links a resource to them: an admin by anything but the
    /// directory, or somebody whom an override raises or lowers.
    pub(super) fn is_privileged(&self) -> bool {
        self.grants.iter().any(|grant| match grant.source {
            Source::Override => true,
            Source::Group(_) | Source::Named(_) => false,
            Source::Hand | Source::HandSite | Source::Invited => grant.role == ADMIN,
        })
    }

    pub(super) fn give(&mut self, source: Source, role: usize, ends: Option<i64>) {
        let site = source == Source::HandSite;
        let wording = 0;
        self.grants.push(Grant {
            source,
            role,
            site,
            wording,
            ends,
        });
    }
}

impl World {
    /// Who has an address now.
    pub(super) fn holder(&self, address: usize) -> Option<usize> {
        let is_it = |person: &Person| person.address == address && person.is_here();
        self.people.iter().position(is_it)
    }

    /// Takes a step; answers the status, and what is told of people.
    pub(super) fn take(&mut self, step: &Step) -> (u16, Vec<Told>) {
        let mut own = BTreeMap::new();
        let status = match *step {
            Step::Push(i, active) => self.push(i, active, &mut own),
            Step::Active(i, is) => self.set_active(i, is, &mut own),
            Step::Drop(i) => self.drop(i, &mut own),
            Step::Form(g, mask) => self.form(g, mask),
            Step::Join(g, i) => self.member(g, i, true),
            Step::Leave(g, i) => self.member(g, i, false),
            Step::Disband(g) => self.groups[g].take().map_or(404, |_| 204),
            Step::Rule(g, role, site) => self.rule(g, role, site),
            Step::Unrule(g) => self.rules[g].take().map_or(404, |_| 200),
            Step::Hand(i, role) => self.hand(i, role),
            Step::HandSite(i, role) => self.hand_site(i, role),
            Step::Override(i, role, days) => self.put_override(i, Some((role, days))),
            Step::EndOverride(i) => self.put_override(i, None),
            Step::Suspend(i, is) => self.suspend(i, is, &mut own),
            Step::SignIn(i, named) => self.sign_in(i, named, &mut own),
            Step::Invite(i, role) => self.invite(i, role),
            Step::Import(mask, role) => self.import(mask, role),
            Step::Pass(days) => {
                self.day += days;
                200
            }
        };
        (status, self.settle(&own))
    }

    /// Everybody's grants by the rules, and what differs since: inside of their own event, or as one more.
    fn settle(&mut self, own: &BTreeMap<usize, String>) -> Vec<Told> {
        let mut told = Vec::new();
        for at in 0..self.people.len() {
            self.reconcile(at);
            let person = &mut self.people[at];
            let (role, site) = person.entitled(self.grouped);
            let kind = if let Some(kind) = own.get(&at) {
                kind.clone()
            } else if person.role != role {
                "user.role_changed".to_owned()
            } else if person.site != site {
                "user.projects_changed".to_owned()
            } else {
                continue;
            };
            (person.role, person.site) = (role, site);
            told.push((kind, at, role.map(|it| ROLES[it]), site.map(|it| ROLES[it])));
        }
        told
    }

    fn reconcile(&mut self, at: usize) {
        let (day, rules, groups) = (self.day, self.rules, &self.groups);
        let named = self.links.iter().flatten().find(|link| link.0 == at);
        let named = named.map_or(0, |link| link.1);
        let person = &mut self.people[at];
        // Whether a group gives something everywhere, whatever decides.
        let governed = |person: &Person| {
            let mut grants = person.grants.iter();
            grants.any(|it| matches!(it.source, Source::Group(_)) && !it.site)
        };
        let was_governed = governed(person);
        let is_in = |g: usize| {
            let members = groups[g].as_ref();
            person.managed && members.is_some_and(|members| members.contains(&person.address))
        };
        let in_groups = (0..GROUPS)
            .filter(|g| is_in(*g))
            .map(|g| (g, Source::Group(g)));
        let is_named = |g: &usize| person.is_here() && named & (1 << g) != 0;
        let by_names = (0..GROUPS).filter(is_named).map(|g| (g, Source::Named(g)));
        let due = in_groups.chain(by_names);
        let due: Vec<_> = due.filter_map(|(g, of)| Some((of, rules[g]?))).collect();
        person.grants.retain(|it| match it.source {
            Source::Group(_) | Source::Named(_) => due
                .iter()
                .any(|(of, rule)| *of == it.source && rule.wording == it.wording),
            _ => it.ends.is_none_or(|end| end > day),
        });
        for (source, rule) in due {
            if !person.grants.iter().any(|it| it.source == source) {
                person.grants.push(Grant {
                    source,
                    role: rule.role,
                    site: rule.site,
                    wording: rule.wording,
                    ends: None,
                });
            }
        }
        // What everybody forgot does not come back when the group goes.
        if governed(person) && !was_governed {
            person.grants.retain(|it| it.source != Source::Hand);
        }
    }
}
