//! The difference between a document and what is there: what would be created, changed and removed,
//! as steps and in words. Nothing is read or written here.

mod connections;
mod organizations;
mod rules;
#[cfg(test)]
mod tests;
mod webhooks;

use std::collections::BTreeSet;
use std::fmt::Display;

use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::config_code::document::{Document, Mapping};
use crate::directory::connection::ConnectionState;
use crate::directory::organization::is_slug;
use crate::directory::policy::Policy;
use crate::provisioning::settings::connections::ConnectionSettings;
use crate::provisioning::settings::organizations::NewOrganization;
use crate::provisioning::settings::projects::{NewProject, ProjectChange};
use crate::provisioning::settings::roles::NewRole;
use crate::provisioning::settings::webhooks::{NewWebhook, WebhookChange};

/// What would be done, and what is left alone though no file has it.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) organizations: Vec<OrganizationPlan>,
    pub(super) there: Vec<There>,
}

/// What would be done to an organization, in this order.
#[derive(Default)]
pub(super) struct OrganizationPlan {
    pub(super) slug: String,
    pub(super) create: Option<NewOrganization>,
    pub(super) settings: Vec<Setting>,
    pub(super) rules: Vec<Rule>,
    pub(super) endings: Vec<Ending>,
    /// The same, in words.
    pub(super) lines: Vec<Line>,
}

/// What comes before the rules.
#[derive(Clone)]
pub(super) enum Setting {
    ChangeConnection {
        name: String,
        settings: Box<ConnectionSettings>,
        state: Option<ConnectionState>,
    },
    ChangeProject {
        slug: String,
        wanted: ProjectChange,
    },
    Connection {
        settings: Box<ConnectionSettings>,
        state: Option<ConnectionState>,
    },
    Domain(String),
    Policy(Policy),
    Project(NewProject),
    Rename(String),
    RenameRole {
        slug: String,
        name: String,
    },
    Role(NewRole),
}

/// What bears on people's roles. A place is a rule's among those that are there.
#[derive(Clone)]
pub(super) enum Rule {
    Add(Mapping),
    Change {
        place: usize,
        role: Option<String>,
        projects: Option<Vec<String>>,
        enabled: Option<bool>,
        position: Option<i64>,
    },
    DefaultRole(String),
    Remove {
        place: usize,
    },
    RemoveRole(String),
}

/// What comes after the rules. A place is a webhook's among those that are there.
#[derive(Clone)]
pub(super) enum Ending {
    ArchiveProject(String),
    ChangeWebhook { place: usize, wanted: WebhookChange },
    RemoveWebhook { place: usize },
    Webhook(NewWebhook),
}

/// What a line of a plan would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Action {
    Change,
    Create,
    Remove,
}

/// A step in words.
#[derive(Clone, Serialize)]
pub(super) struct Line {
    pub(super) action: Action,
    pub(super) what: &'static str,
    pub(super) organization: String,
    pub(super) name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) changes: Vec<Attribute>,
}

/// What differs; what is long or secret is only named.
#[derive(Clone, Serialize)]
pub(super) struct Attribute {
    #[serde(rename = "attribute")]
    pub(super) name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) old: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) new: Option<Value>,
}

/// What is there, and not in the file.
#[derive(Clone, Serialize)]
pub(super) struct There {
    pub(super) what: &'static str,
    pub(super) organization: String,
    pub(super) name: String,
}

/// Compares a document with what is there. Only where it is to `prune` is something removed, and never an
/// organization, a connection or a domain. Answers everything that is wrong with the document, each with
/// its place.
pub(super) fn plan(
    wanted: &Document,
    present: &Document,
    prune: bool,
) -> Result<Plan, Vec<String>> {
    let (mut plan, mut faults) = (Plan::default(), Vec::new());
    for (slug, organization) in &wanted.organizations {
        let mut differ = Differ::new(slug, prune);
        if is_slug(slug) {
            differ.organization(organization, present.organizations.get(slug));
        } else {
            differ.fault("", "a slug is 1 to 63 of the characters a-z, 0-9 and -");
        }
        faults.append(&mut differ.faults);
        plan.there.append(&mut differ.there);
        if !differ.plan.lines.is_empty() {
            plan.organizations.push(differ.plan);
        }
    }
    let others = present.organizations.keys();
    for slug in others.filter(|slug| !wanted.organizations.contains_key(*slug)) {
        plan.there.push(There {
            what: "organization",
            organization: slug.clone(),
            name: slug.clone(),
        });
    }
    if faults.is_empty() {
        Ok(plan)
    } else {
        Err(faults)
    }
}

impl Plan {
    /// Every step in words.
    pub(super) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.organizations.iter().flat_map(|it| &it.lines)
    }

    /// How many steps would do that.
    pub(super) fn count(&self, action: Action) -> usize {
        self.lines().filter(|line| line.action == action).count()
    }
}

/// Compares one organization.
struct Differ<'a> {
    slug: &'a str,
    prune: bool,
    plan: OrganizationPlan,
    there: Vec<There>,
    faults: Vec<String>,
    /// The roles and projects that are there afterwards.
    roles: BTreeSet<String>,
    projects: BTreeSet<String>,
}

impl<'a> Differ<'a> {
    fn new(slug: &'a str, prune: bool) -> Self {
        Self {
            slug,
            prune,
            plan: OrganizationPlan {
                slug: slug.to_owned(),
                ..OrganizationPlan::default()
            },
            there: Vec::new(),
            faults: Vec::new(),
            roles: BTreeSet::new(),
            projects: BTreeSet::new(),
        }
    }

    fn line(&mut self, action: Action, what: &'static str, name: &str, changes: Changes) {
        self.plan.lines.push(Line {
            action,
            what,
            organization: self.slug.to_owned(),
            name: name.to_owned(),
            changes: changes.0,
        });
    }

    fn create(&mut self, what: &'static str, name: &str) {
        self.line(Action::Create, what, name, Changes::default());
    }

    fn remove(&mut self, what: &'static str, name: &str) {
        self.line(Action::Remove, what, name, Changes::default());
    }

    fn leave(&mut self, what: &'static str, name: &str) {
        self.there.push(There {
            what,
            organization: self.slug.to_owned(),
            name: name.to_owned(),
        });
    }

    fn fault(&mut self, place: &str, why: impl Display) {
        let dot = if place.is_empty() { "" } else { "." };
        let slug = quoted(self.slug);
        let fault = format!("organizations.{slug}{dot}{place}: {why}");
        self.faults.push(fault);
    }

    /// Says so where a role that is named is not there.
    fn named_role(&mut self, place: &str, role: &str) {
        if !self.roles.contains(role) {
            self.fault(place, format_args!("there is no role {role}"));
        }
    }
}

/// What differs between what is wanted and what is there.
#[derive(Default)]
struct Changes(Vec<Attribute>);

impl Changes {
    /// What is wanted, where it is said and is not there.
    fn of<T: Clone + PartialEq + Serialize>(
        &mut self,
        attribute: &'static str,
        wanted: Option<&T>,
        present: Option<&T>,
    ) -> Option<T> {
        let wanted = wanted.filter(|wanted| present != Some(*wanted))?;
        self.0.push(Attribute {
            name: attribute,
            old: Some(json!(present)),
            new: Some(json!(wanted)),
        });
        Some(wanted.clone())
    }

    /// Something that is not shown.
    fn hidden(&mut self, attribute: &'static str) {
        self.0.push(Attribute {
            name: attribute,
            old: None,
            new: None,
        });
    }

    fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }
}

/// A way to tell that two things are the same.
type Same<'a, T> = &'a dyn Fn(&T, &T) -> bool;

/// For each that is wanted the place of the one that is there and the same, by the first of these ways that
/// finds one; and the places of those that nobody wants.
fn pairs<T>(wanted: &[T], present: &[T], ways: &[Same<'_, T>]) -> (Vec<Option<usize>>, Vec<usize>) {
    let mut free: Vec<usize> = (0..present.len()).collect();
    let mut partners: Vec<Option<usize>> = vec![None; wanted.len()];
    for same in ways {
        for (wanted, partner) in wanted.iter().zip(&mut partners) {
            if partner.is_none() {
                let is_same =
                    |place: &usize| present.get(*place).is_some_and(|it| same(wanted, it));
                let at = free.iter().position(is_same);
                *partner = at.map(|at| free.remove(at));
            }
        }
    }
    (partners, free)
}

/// A name as a part of a place in the file.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(plain) {
        name.to_owned()
    } else {
        format!("{name:?}")
    }
}
