//! What each step does in the model's world, by the decision list alone.

use std::collections::BTreeMap;

use super::world::{ADDRESSES, ADMIN, Grant, Person, Resource, Rule, Source, World};

/// Days after which an absence is long, and after which a tombstone is forgotten.
const LONG: i64 = 30;
/// Days that an invitation lives.
const INVITED: i64 = 7;

/// What became of people by the step itself.
pub(super) type Own = BTreeMap<usize, String>;

impl World {
    pub(super) fn push(&mut self, i: usize, active: bool, own: &mut Own) -> u16 {
        if self.resources[i].is_some() {
            return 409;
        }
        let holder = self.holder(i);
        let invited = self.invited.remove(&i);
        if let Some(at) = holder.filter(|at| self.people[*at].is_privileged()) {
            // The link waits for a yes, and nothing becomes of the person.
            self.invited.extend(invited.map(|it| (i, it)));
            debug_assert!(self.people[at].is_here());
            self.resources[i] = Some(Resource {
                active,
                person: None,
            });
            return 201;
        }
        let at = holder.unwrap_or(self.people.len());
        self.resources[i] = Some(Resource {
            active,
            person: Some(at),
        });
        if holder.is_some() {
            own.insert(at, "user.adopted".to_owned());
            self.people[at].managed = true;
            self.turn(at, active);
            return 201;
        }
        let mut person = Person {
            address: i,
            managed: true,
            by_directory: (!active).then_some(self.day),
            ..Person::default()
        };
        if let Some((role, day)) = invited
            && active
            && self.day - day < INVITED
        {
            person.give(Source::Invited, role, None);
        }
        self.people.push(person);
        own.insert(at, "user.created".to_owned());
        201
    }

    /// The directory says whether somebody may come in.
    fn turn(&mut self, at: usize, active: bool) {
        let (day, person) = (self.day, &mut self.people[at]);
        if active {
            let away = person.by_directory.take();
            if away.is_some_and(|since| day - since > LONG) {
                let by_rule = |it: &Grant| matches!(it.source, Source::Group(_) | Source::Named(_));
                person.grants.retain(by_rule);
            }
        } else {
            person.by_directory = person.by_directory.or(Some(day));
        }
    }

    pub(super) fn set_active(&mut self, i: usize, is: bool, own: &mut Own) -> u16 {
        let Some(resource) = &mut self.resources[i] else {
            return 404;
        };
        let known = std::mem::replace(&mut resource.active, is);
        let Some(at) = resource.person.filter(|_| known != is) else {
            return 200;
        };
        let before = self.people[at].state();
        self.turn(at, is);
        let kind = match (before, self.people[at].state()) {
            ("active", "suspended") => "user.suspended",
            ("suspended", "active") => "user.reactivated",
            _ => "user.updated",
        };
        own.insert(at, kind.to_owned());
        200
    }

    pub(super) fn drop(&mut self, i: usize, own: &mut Own) -> u16 {
        let Some(resource) = self.resources[i].take() else {
            return 404;
        };
        for members in self.groups.iter_mut().flatten() {
            members.remove(&i);
        }
        if let Some(at) = resource.person {
            let person = &mut self.people[at];
            (person.managed, person.deleted) = (false, Some(self.day));
            person.grants.clear();
            own.insert(at, "user.deleted".to_owned());
        }
        204
    }

    /// Somebody comes with the subject of an address, which the sign-in names, and with groups.
    pub(super) fn sign_in(&mut self, i: usize, named: u8, own: &mut Own) -> u16 {
        let linked = self.links[i].map(|link| link.0);
        let here = linked.filter(|at| self.people[*at].is_here());
        let found = match (here, self.resources[i]) {
            (Some(at), _) => Some(at),
            // A yes is waited for.
            (None, Some(Resource { person: None, .. })) => return 403,
            (None, Some(resource)) => resource.person,
            (None, None) => None,
        };
        let at = match found {
            Some(at) if !self.people[at].active() => return 403,
            // What their own resource says counts, though it is not in force.
            Some(at) => at,
            None => match self.arrive(i) {
                Some(at) => at,
                None => return 403,
            },
        };
        if found.is_none() {
            own.insert(at, "user.created".to_owned());
        }
        self.links[i] = Some((at, named));
        303
    }

    /// Somebody whom nobody knows, unless the directory deleted them lately.
    fn arrive(&mut self, i: usize) -> Option<usize> {
        if self.left_lately(i) {
            return None;
        }
        let mut person = Person {
            address: i,
            ..Person::default()
        };
        if let Some((role, day)) = self.invited.get(&i).copied()
            && self.day - day < INVITED
        {
            self.invited.remove(&i);
            person.give(Source::Invited, role, None);
        }
        self.people.push(person);
        Some(self.people.len() - 1)
    }

    fn left_lately(&self, i: usize) -> bool {
        let left =
            |it: &Person| it.address == i && it.deleted.is_some_and(|at| self.day - at <= LONG);
        self.people.iter().any(left)
    }

    pub(super) fn form(&mut self, g: usize, mask: u8) -> u16 {
        if self.groups[g].is_some() {
            return 409;
        }
        let members = (0..ADDRESSES).filter(|i| mask & (1 << i) != 0);
        let members = members.filter(|i| self.resources[*i].is_some()).collect();
        self.groups[g] = Some(members);
        self.grouped = true;
        201
    }

    pub(super) fn member(&mut self, g: usize, i: usize, joins: bool) -> u16 {
        let is_known = self.resources[i].is_some();
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

    pub(super) fn rule(&mut self, g: usize, role: usize, site: bool) -> u16 {
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

    pub(super) fn hand(&mut self, i: usize, role: Option<usize>) -> u16 {
        let Some(at) = self.holder(i) else {
            return 404;
        };
        let grouped = self.grouped;
        let person = &mut self.people[at];
        let by_group = person
            .decides(grouped)
            .is_some_and(|it| matches!(it.source, Source::Group(_) | Source::Named(_)));
        if role.is_some() && person.active() && by_group {
            return 409;
        }
        person.grants.retain(|it| it.source != Source::Hand);
        if let Some(role) = role {
            person.give(Source::Hand, role, None);
        }
        200
    }

    pub(super) fn hand_site(&mut self, i: usize, role: Option<usize>) -> u16 {
        let Some(at) = self.holder(i) else {
            return 404;
        };
        if role == Some(ADMIN) {
            return 422;
        }
        let person = &mut self.people[at];
        person.grants.retain(|it| it.source != Source::HandSite);
        if let Some(role) = role {
            person.give(Source::HandSite, role, None);
        }
        200
    }

    pub(super) fn put_override(&mut self, i: usize, what: Option<(usize, i64)>) -> u16 {
        let Some(at) = self.holder(i) else {
            return 404;
        };
        let day = self.day;
        let person = &mut self.people[at];
        person.grants.retain(|it| it.source != Source::Override);
        if let Some((role, days)) = what {
            person.give(Source::Override, role, Some(day + days));
        }
        200
    }

    pub(super) fn suspend(&mut self, i: usize, is: bool, own: &mut Own) -> u16 {
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
        let waits = self
            .invited
            .get(&i)
            .is_some_and(|(_, day)| self.day - day < INVITED);
        self.holder(i).is_none() && !self.left_lately(i) && !waits
    }

    pub(super) fn invite(&mut self, i: usize, role: usize) -> u16 {
        if !self.may_be_invited(i) {
            return 409;
        }
        self.invited.insert(i, (role, self.day));
        201
    }

    pub(super) fn import(&mut self, mask: u8, role: usize) -> u16 {
        let rows = (0..ADDRESSES).filter(|i| mask & (1 << i) != 0);
        let fresh: Vec<_> = rows.filter(|i| self.may_be_invited(*i)).collect();
        for i in &fresh {
            self.invited.insert(*i, (role, self.day));
        }
        if fresh.is_empty() { 200 } else { 201 }
    }
}
