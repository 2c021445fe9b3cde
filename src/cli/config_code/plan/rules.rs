//! The rules of an organization: its default role, and the mappings of its connections.

use std::collections::BTreeSet;

use crate::cli::config_code::document::{Mapping, Organization};
use crate::cli::config_code::plan::{Action, Changes, Differ, Rule, Same, pairs};
use crate::directory::mapping::MatchKind;
use crate::scim::fold;

impl Differ<'_> {
    pub(super) fn rules(
        &mut self,
        wanted: &Organization,
        present: &Organization,
        connections: &BTreeSet<String>,
    ) {
        self.default_role(wanted, present);
        for (index, mapping) in wanted.mappings.iter().enumerate() {
            let mut before = wanted.mappings.iter().take(index);
            if before.any(|it| same_rule(it, mapping)) {
                self.fault(&format!("mappings[{index}]"), "the same rule stands above");
            }
            self.check_mapping(index, mapping, connections);
        }
        let ways: [Same<'_, Mapping>; 2] = [&same_rule, &same_group];
        let (partners, unwanted) = pairs(&wanted.mappings, &present.mappings, &ways);
        let mut fresh = Vec::new();
        let mut changed = Vec::new();
        for (mapping, partner) in wanted.mappings.iter().zip(partners) {
            let known = partner.and_then(|place| Some((place, present.mappings.get(place)?)));
            match known {
                None => fresh.push(mapping),
                Some((place, known)) => changed.push((place, mapping, known)),
            }
        }
        // What somebody gains comes before what somebody loses.
        for mapping in fresh {
            self.create("mapping", &told(mapping));
            self.plan.rules.push(Rule::Add(mapping.clone()));
        }
        for (place, mapping, known) in changed {
            self.mapping(place, mapping, known);
        }
        for place in unwanted {
            let Some(mapping) = present.mappings.get(place) else {
                continue;
            };
            if self.prune {
                self.remove("mapping", &told(mapping));
                self.plan.rules.push(Rule::Remove { place });
            } else {
                self.leave("mapping", &told(mapping));
            }
        }
    }

    fn default_role(&mut self, wanted: &Organization, present: &Organization) {
        let mut changes = Changes::default();
        let (role, now) = (wanted.default_role.as_ref(), present.default_role.as_ref());
        if let Some(role) = role {
            self.named_role("default_role", role);
        }
        if let Some(role) = changes.of("default_role", role, now) {
            self.line(Action::Change, "organization", self.slug, changes);
            self.plan.rules.push(Rule::DefaultRole(role));
        }
    }

    fn check_mapping(&mut self, index: usize, mapping: &Mapping, connections: &BTreeSet<String>) {
        let place = |member: &str| format!("mappings[{index}].{member}");
        if !connections.contains(&fold(&mapping.connection)) {
            let name = &mapping.connection;
            let why = format!("there is no connection {name}, neither here nor in the store");
            self.fault(&place("connection"), why);
        }
        self.named_role(&place("role"), &mapping.role);
        for project in &mapping.projects {
            if !self.projects.contains(project) {
                let why = format!("there is no project {project}");
                self.fault(&place("projects"), why);
            }
        }
    }

    fn mapping(&mut self, place: usize, wanted: &Mapping, known: &Mapping) {
        let mut changes = Changes::default();
        let change = Rule::Change {
            place,
            role: changes.of("role", Some(&wanted.role), Some(&known.role)),
            projects: changes.of("projects", Some(&wanted.projects), Some(&known.projects)),
            enabled: changes.of("enabled", Some(&wanted.enabled), Some(&known.enabled)),
            position: changes.of(
                "position",
                wanted.position.as_ref(),
                known.position.as_ref(),
            ),
        };
        if !changes.is_nothing() {
            self.line(Action::Change, "mapping", &told(known), changes);
            self.plan.rules.push(change);
        }
    }
}

/// Whether two rules are of one group of one connection.
fn same_group(one: &Mapping, other: &Mapping) -> bool {
    let group = |it: &Mapping| match it.match_kind {
        MatchKind::Name => fold(&it.group),
        MatchKind::ExternalId | MatchKind::Id => it.group.clone(),
    };
    one.match_kind == other.match_kind
        && fold(&one.connection) == fold(&other.connection)
        && group(one) == group(other)
}

/// Whether two rules give the same, too.
fn same_rule(one: &Mapping, other: &Mapping) -> bool {
    one.role == other.role && one.projects == other.projects && same_group(one, other)
}

/// A rule in words.
fn told(mapping: &Mapping) -> String {
    let kind = match mapping.match_kind {
        MatchKind::Name => "",
        MatchKind::ExternalId => "external_id ",
        MatchKind::Id => "id ",
    };
    let (connection, group, role) = (&mapping.connection, &mapping.group, &mapping.role);
    let scope = if mapping.projects.is_empty() {
        String::new()
    } else {
        format!(" in {}", mapping.projects.join(", "))
    };
    format!("{connection}: {kind}{group} -> {role}{scope}")
}
