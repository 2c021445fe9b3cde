//! An organization with its policy, roles, projects and domains.

use std::collections::BTreeMap;

use crate::cli::config_code::document::{Organization, Project, Role};
use crate::cli::config_code::plan::{Action, Changes, Differ, Ending, Rule, Setting, quoted};
use crate::directory::organization::is_slug;
use crate::directory::policy::Policy;
use crate::directory::role::{DEFAULT, DEFAULT_MAXIMUM, OWNER_RANK, SEEDED};
use crate::provisioning::settings::organizations::NewOrganization;
use crate::provisioning::settings::policy;
use crate::provisioning::settings::projects::{NewProject, ProjectChange};
use crate::provisioning::settings::roles::NewRole;

impl Differ<'_> {
    /// Compares an organization with the one that is there, or with a fresh one.
    pub(super) fn organization(&mut self, wanted: &Organization, present: Option<&Organization>) {
        let slug = self.slug;
        let fresh = present.is_none().then(|| fresh(slug, wanted));
        if fresh.is_some() {
            self.create("organization", slug);
            self.plan.create = Some(NewOrganization {
                slug: slug.to_owned(),
                name: wanted.name.clone(),
                owner: None,
            });
        }
        let Some(present) = present.or(fresh.as_ref()) else {
            return;
        };
        self.itself(wanted, present);
        let gone = self.roles(wanted, present);
        let archived = self.projects(wanted, present);
        self.domains(wanted, present);
        let names = self.connections(wanted, present);
        self.rules(wanted, present, &names);
        for role in gone {
            self.remove("role", &role);
            self.plan.rules.push(Rule::RemoveRole(role));
        }
        for (action, project) in archived {
            let mut changes = Changes::default();
            changes.of("archived", Some(&true), Some(&false));
            self.line(action, "project", &project, changes);
            self.plan.endings.push(Ending::ArchiveProject(project));
        }
        self.webhooks(wanted, present);
        if self.plan.create.is_some() {
            // What comes with a fresh one is nothing that somebody forgot.
            self.there.clear();
        }
    }

    fn itself(&mut self, wanted: &Organization, present: &Organization) {
        let mut changes = Changes::default();
        if let Some(name) = changes.of("name", wanted.name.as_ref(), present.name.as_ref()) {
            self.plan.settings.push(Setting::Rename(name));
        }
        match wanted.policy.clone().map(policy::checked).transpose() {
            Ok(wanted) => {
                let next = changes.of("policy", wanted.as_ref(), present.policy.as_ref());
                self.plan.settings.extend(next.map(Setting::Policy));
            }
            Err(error) => self.fault("policy", error),
        }
        if !changes.is_nothing() {
            self.line(Action::Change, "organization", self.slug, changes);
        }
    }

    /// Answers the roles that are to go.
    fn roles(&mut self, wanted: &Organization, present: &Organization) -> Vec<String> {
        for (slug, role) in &wanted.roles {
            let place = format!("roles.{}", quoted(slug));
            match present.roles.get(slug) {
                None => self.new_role(&place, (slug, role), present),
                Some(known) => self.role(&place, (slug, role), known),
            }
            self.roles.insert(slug.clone());
        }
        let default = wanted.default_role.as_ref();
        let default = default.or(present.default_role.as_ref());
        let mut gone = Vec::new();
        for (slug, role) in &present.roles {
            let is_needed = role.rank >= Some(OWNER_RANK) || slug == DEFAULT_MAXIMUM;
            if wanted.roles.contains_key(slug) {
                continue;
            }
            if self.prune && !is_needed && default != Some(slug) {
                gone.push(slug.clone());
                continue;
            }
            self.roles.insert(slug.clone());
            if !is_needed {
                self.leave("role", slug);
            }
        }
        gone
    }

    fn new_role(&mut self, place: &str, (slug, role): (&String, &Role), present: &Organization) {
        let Some(rank) = role.rank else {
            return self.fault(place, "a role that is to be created needs its rank");
        };
        let rivals = present.roles.iter().filter(|it| it.1.rank == Some(rank));
        for (rival, _) in rivals {
            self.fault(
                place,
                format_args!("its rank {rank} is that of {rival}, which is there"),
            );
        }
        if !is_slug(slug) || !(1..OWNER_RANK).contains(&rank) {
            let most = OWNER_RANK - 1;
            self.fault(
                place,
                format_args!("a role has a slug, and a rank from 1 to {most}"),
            );
        }
        let mut changes = Changes::default();
        changes.of("rank", Some(&rank), None);
        self.line(Action::Create, "role", slug, changes);
        self.plan.settings.push(Setting::Role(NewRole {
            slug: slug.clone(),
            name: role.name.clone(),
            rank,
        }));
    }

    fn role(&mut self, place: &str, (slug, role): (&String, &Role), known: &Role) {
        if let (Some(rank), Some(fixed)) = (role.rank, known.rank)
            && rank != fixed
        {
            self.fault(
                place,
                format_args!("its rank is {fixed}, and fixed for life"),
            );
        }
        let mut changes = Changes::default();
        if let Some(name) = changes.of("name", role.name.as_ref(), known.name.as_ref()) {
            let slug = slug.clone();
            self.line(Action::Change, "role", &slug, changes);
            self.plan.settings.push(Setting::RenameRole { slug, name });
        }
    }

    /// Answers the projects that are to be archived, once no new rule needs them.
    fn projects(&mut self, wanted: &Organization, present: &Organization) -> Vec<(Action, String)> {
        let mut archived = Vec::new();
        for (slug, project) in &wanted.projects {
            let known = present.projects.get(slug);
            self.project((slug, project), known);
            let is_archived = known.is_some_and(|it| it.archived == Some(true));
            if project.archived == Some(true) && !is_archived {
                archived.push((Action::Change, slug.clone()));
            }
            self.projects.insert(slug.clone());
        }
        for (slug, project) in &present.projects {
            self.projects.insert(slug.clone());
            if wanted.projects.contains_key(slug) || project.archived == Some(true) {
                continue;
            }
            if self.prune {
                archived.push((Action::Remove, slug.clone()));
            } else {
                self.leave("project", slug);
            }
        }
        archived
    }

    fn project(&mut self, (slug, project): (&String, &Project), known: Option<&Project>) {
        let (slug, name) = (slug.clone(), project.name.clone());
        let Some(known) = known else {
            if !is_slug(&slug) {
                let place = format!("projects.{}", quoted(&slug));
                self.fault(&place, "a slug is 1 to 63 of the characters a-z, 0-9 and -");
            }
            self.create("project", &slug);
            let new = NewProject { slug, name };
            return self.plan.settings.push(Setting::Project(new));
        };
        let mut changes = Changes::default();
        let lives = (project.archived == Some(false)).then_some(false);
        let wanted = ProjectChange {
            name: changes.of("name", name.as_ref(), known.name.as_ref()),
            archived: changes.of("archived", lives.as_ref(), known.archived.as_ref()),
        };
        if !changes.is_nothing() {
            self.line(Action::Change, "project", &slug, changes);
            let change = Setting::ChangeProject { slug, wanted };
            self.plan.settings.push(change);
        }
    }

    fn domains(&mut self, wanted: &Organization, present: &Organization) {
        for domain in &wanted.domains {
            if !present.domains.contains(domain) {
                self.create("domain", domain);
                self.plan.settings.push(Setting::Domain(domain.clone()));
            }
        }
        for domain in &present.domains {
            if !wanted.domains.contains(domain) {
                self.leave("domain", domain);
            }
        }
    }
}

/// An organization as it is once it is created.
fn fresh(slug: &str, wanted: &Organization) -> Organization {
    let roles = SEEDED.map(|(slug, name, rank)| {
        let (name, rank) = (Some(name.to_owned()), Some(rank));
        (slug.to_owned(), Role { name, rank })
    });
    Organization {
        name: Some(wanted.name.clone().unwrap_or_else(|| slug.to_owned())),
        default_role: Some(DEFAULT.to_owned()),
        policy: Some(Policy::default()),
        roles: BTreeMap::from(roles),
        ..Organization::default()
    }
}
