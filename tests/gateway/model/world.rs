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
const ADMIN: usize = 2;
/// Days after which an absence is long, and after which a tombstone is forgotten.
const LONG: i64 = 30;
/// Days that an invitation lives.
const INVITED: i64 = 7;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Override,
    Group(usize),
    Hand,
    HandSite,
    Invited,
}

#[derive(Clone, Debug)]
struct Grant {
    source: Source,
    role: usize,
    /// Whether it counts in the project alone.
    site: bool,
    /// Which wording of its rule gave it.
    wording: usize,
    ends: Option<i64>,
}

/// Somebody who came.
#[derive(Clone, Debug, Default)]
pub(super) struct Person {
    pub(super) address: usize,
    active: Option<bool>,
    by_directory: Option<i64>,
    by_admin: bool,
    deleted: Option<i64>,
    grants: Vec<Grant>,
    pub(super) role: Option<usize>,
    pub(super) site: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Rule {
    role: usize,
    site: bool,
    wording: usize,
}

/// What a step was answered, and what it told of people: the type of event, whose, the role and the role in
/// the project since.
pub(super) type Told = (String, usize, Option<&'static str>, Option<&'static str>);

#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) people: Vec<Person>,
    /// Members by address; none where there is no such group.
    groups: [Option<BTreeSet<usize>>; GROUPS],
    rules: [Option<Rule>; GROUPS],
    invited: BTreeMap<usize, (usize, i64)>,
    day: i64,
    wording: usize,
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

    fn is_here(&self) -> bool {
        self.deleted.is_none()
    }

    fn active(&self) -> bool {
        self.state() == "active"
    }

    /// Which grant decides everywhere: an override, then groups, then what was given by hand, then what the
    /// person was invited to; in each the highest.
    fn decides(&self) -> Option<&Grant> {
        let layer = |grant: &Grant| match grant.source {
            Source::Override => 0,
            Source::Group(_) => 1,
            Source::Hand | Source::HandSite => 2,
            Source::Invited => 3,
        };
        let wide = self.grants.iter().filter(|grant| !grant.site);
        wide.min_by_key(|grant| (layer(grant), std::cmp::Reverse(grant.role)))
    }

    fn entitled(&self) -> (Option<usize>, Option<usize>) {
        if !self.active() {
            return (None, None);
        }
        let site = self.grants.iter().filter(|grant| grant.site);
        let site = site.map(|grant| grant.role).max();
        let role = match self.decides() {
            Some(grant) => Some(grant.role),
            None if self.grants.is_empty() => Some(DEFAULT),
            None => None,
        };
        (role, site)
    }
}

impl World {
    /// Who has an address now.
    pub(super) fn holder(&self, address: usize) -> Option<usize> {
        let is_it = |person: &Person| person.address == address && person.is_here();
        self.people.iter().position(is_it)
    }

    fn resource(&self, address: usize) -> Option<usize> {
        self.holder(address)
            .filter(|it| self.people[*it].active.is_some())
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
            Step::Invite(i, role) => self.invite(i, role),
            Step::Import(mask, role) => self.import(mask, role),
            Step::Pass(days) => {
                self.day += days;
                200
            }
        };
        (status, self.settle(&own))
    }

    fn push(&mut self, i: usize, active: bool, own: &mut BTreeMap<usize, String>) -> u16 {
        if self.resource(i).is_some() {
            return 409;
        }
        let mut person = Person {
            address: i,
            active: Some(active),
            by_directory: (!active).then_some(self.day),
            ..Person::default()
        };
        if let Some((role, day)) = self.invited.remove(&i)
            && active
            && self.day - day < INVITED
        {
            person.grants.push(Grant {
                source: Source::Invited,
                role,
                site: false,
                wording: 0,
                ends: None,
            });
        }
        self.people.push(person);
        own.insert(self.people.len() - 1, "user.created".to_owned());
        201
    }

    fn set_active(&mut self, i: usize, is: bool, own: &mut BTreeMap<usize, String>) -> u16 {
        let Some(at) = self.resource(i) else {
            return 404;
        };
        let day = self.day;
        let person = &mut self.people[at];
        if person.active == Some(is) {
            return 200;
        }
        let before = person.state();
        person.active = Some(is);
        if is {
            let away = person.by_directory.take();
            if away.is_some_and(|since| day - since > LONG) {
                person
                    .grants
                    .retain(|it| matches!(it.source, Source::Group(_)));
            }
        } else {
            person.by_directory = Some(day);
        }
        let kind = match (before, person.state()) {
            ("active", "suspended") => "user.suspended",
            ("suspended", "active") => "user.reactivated",
            _ => "user.updated",
        };
        own.insert(at, kind.to_owned());
        200
    }

    fn drop(&mut self, i: usize, own: &mut BTreeMap<usize, String>) -> u16 {
        let Some(at) = self.resource(i) else {
            return 404;
        };
        for members in self.groups.iter_mut().flatten() {
            members.remove(&i);
        }
        let person = &mut self.people[at];
        person.active = None;
        person.deleted = Some(self.day);
        person.grants.clear();
        own.insert(at, "user.deleted".to_owned());
        204
    }

    fn form(&mut self, g: usize, mask: u8) -> u16 {
        if self.groups[g].is_some() {
            return 409;
        }
        let members = (0..ADDRESSES).filter(|i| mask & (1 << i) != 0);
        let members = members.filter(|i| self.resource(*i).is_some()).collect();
        self.groups[g] = Some(members);
        201
    }

    fn member(&mut self, g: usize, i: usize, joins: bool) -> u16 {
        let is_known = self.resource(i).is_some();
        match &mut self.groups[g] {
            Some(members) if is_known => {
                if joins {
                    members.insert(i);
                } else {
                    members.remove(&i);
                }
                200
            }
            _ => 404,
        }
    }

    fn rule(&mut self, g: usize, role: usize, site: bool) -> u16 {
        if role == ADMIN && site {
            return 422;
        }
        let said = self.rules[g].map(|rule| (rule.role, rule.site));
        let status = if said.is_some() { 200 } else { 201 };
        if said != Some((role, site)) {
            self.wording += 1;
            let wording = self.wording;
            self.rules[g] = Some(Rule {
                role,
                site,
                wording,
            });
        }
        status
    }

    fn hand(&mut self, i: usize, role: Option<usize>) -> u16 {
        let Some(at) = self.holder(i) else {
            return 404;
        };
        let person = &mut self.people[at];
        let by_group = person
            .decides()
            .is_some_and(|it| matches!(it.source, Source::Group(_)));
        if role.is_some() && person.active() && by_group {
            return 409;
        }
        person.grants.retain(|it| it.source != Source::Hand);
        person.grants.extend(role.map(|role| Grant {
            source: Source::Hand,
            role,
            site: false,
            wording: 0,
            ends: None,
        }));
        200
    }

    fn hand_site(&mut self, i: usize, role: Option<usize>) -> u16 {
        let Some(at) = self.holder(i) else {
            return 404;
        };
        if role == Some(ADMIN) {
            return 422;
        }
        let person = &mut self.people[at];
        person.grants.retain(|it| it.source != Source::HandSite);
        person.grants.extend(role.map(|role| Grant {
            source: Source::HandSite,
            role,
            site: true,
            wording: 0,
            ends: None,
        }));
        200
    }

    fn put_override(&mut self, i: usize, what: Option<(usize, i64)>) -> u16 {
        let Some(at) = self.holder(i) else {
            return 404;
        };
        let day = self.day;
        let person = &mut self.people[at];
        person.grants.retain(|it| it.source != Source::Override);
        person.grants.extend(what.map(|(role, days)| Grant {
            source: Source::Override,
            role,
            site: false,
            wording: 0,
            ends: Some(day + days),
        }));
        200
    }

    fn suspend(&mut self, i: usize, is: bool, own: &mut BTreeMap<usize, String>) -> u16 {
        let Some(at) = self.holder(i) else {
            return 404;
        };
        let person = &mut self.people[at];
        if person.by_admin == is {
            return 200;
        }
        person.by_admin = is;
        let kind = match (is, person.state()) {
            (true, _) => "user.suspended",
            (false, "active") => "user.reactivated",
            (false, _) => "user.updated",
        };
        own.insert(at, kind.to_owned());
        200
    }

    /// Whether an address can be invited: nobody has it, nobody left it of late, no invitation waits.
    fn may_be_invited(&self, i: usize) -> bool {
        let left =
            |it: &Person| it.address == i && it.deleted.is_some_and(|at| self.day - at <= LONG);
        let waits = self
            .invited
            .get(&i)
            .is_some_and(|(_, day)| self.day - day < INVITED);
        self.holder(i).is_none() && !self.people.iter().any(left) && !waits
    }

    fn invite(&mut self, i: usize, role: usize) -> u16 {
        if !self.may_be_invited(i) {
            return 409;
        }
        self.invited.insert(i, (role, self.day));
        201
    }

    fn import(&mut self, mask: u8, role: usize) -> u16 {
        let rows = (0..ADDRESSES).filter(|i| mask & (1 << i) != 0);
        let fresh: Vec<_> = rows.filter(|i| self.may_be_invited(*i)).collect();
        for i in &fresh {
            self.invited.insert(*i, (role, self.day));
        }
        if fresh.is_empty() { 200 } else { 201 }
    }

    /// Everybody's grants by the rules, and what differs since: inside of their own event, or as one more.
    fn settle(&mut self, own: &BTreeMap<usize, String>) -> Vec<Told> {
        let mut told = Vec::new();
        for at in 0..self.people.len() {
            self.reconcile(at);
            let person = &mut self.people[at];
            let (role, site) = person.entitled();
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
        let person = &mut self.people[at];
        // Whether a group gives something everywhere, whatever decides.
        let governed = |person: &Person| {
            let mut grants = person.grants.iter();
            grants.any(|it| matches!(it.source, Source::Group(_)) && !it.site)
        };
        let was_governed = governed(person);
        let is_in = |g: usize| {
            let members = groups[g].as_ref();
            person.active.is_some()
                && members.is_some_and(|members| members.contains(&person.address))
        };
        let due: Vec<_> = (0..GROUPS)
            .filter(|g| is_in(*g))
            .filter_map(|g| Some((g, rules[g]?)))
            .collect();
        person.grants.retain(|it| match it.source {
            Source::Group(g) => due
                .iter()
                .any(|(of, rule)| *of == g && rule.wording == it.wording),
            _ => it.ends.is_none_or(|end| end > day),
        });
        for (g, rule) in due {
            if !person.grants.iter().any(|it| it.source == Source::Group(g)) {
                person.grants.push(Grant {
                    source: Source::Group(g),
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
