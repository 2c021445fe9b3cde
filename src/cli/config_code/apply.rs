//! Doing what a plan says, organization by organization: what comes before the rules in one
//! transaction, the rules with the digest of what they do to people, what comes after them in one
//! more.

use std::sync::Arc;

use futures_util::FutureExt;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::cli::config_code::plan::{Ending, OrganizationPlan, Plan, Rule, Setting};
use crate::cli::config_code::present::{Ids, Present};
use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::cli::{mapping_changes, recompute};
use crate::limits;
use crate::provisioning::settings::connections::{self, Addresses, CreatedConnection};
use crate::provisioning::settings::mappings::{NewMapping, RuleChange};
use crate::provisioning::settings::organizations::{self, OrganizationChange};
use crate::provisioning::settings::plan::{DefaultRole, Proposal, Removal};
use crate::provisioning::settings::projects::{self, ProjectChange};
use crate::provisioning::settings::role_removal::RoleRemoval;
use crate::provisioning::settings::roles::{self, RoleChange};
use crate::provisioning::settings::webhooks::{self, WebhookSecret};
use crate::provisioning::settings::{connection_state, domains, plan, policy};
use crate::provisioning::{Change, Error, Kind, change};
use crate::secret::DataKeys;

/// What was done, up to where it ended.
#[derive(Default)]
pub(super) struct Done {
    /// Whether the roles of many people may change, too.
    pub(super) meant: bool,
    /// Whether anything was done.
    pub(super) something: bool,
    /// What the rules did to people.
    pub(super) people: Vec<People>,
    /// The secrets that were made, which are shown this once.
    pub(super) secrets: Vec<Value>,
}

/// What the rules of an organization do to people's roles.
#[derive(Serialize)]
pub(super) struct People {
    organization: String,
    gained: usize,
    lost: usize,
    changed: usize,
    become_admin: usize,
}

impl People {
    fn of(organization: &str, plan: &plan::Plan) -> Self {
        Self {
            organization: organization.to_owned(),
            gained: plan.gained,
            lost: plan.lost,
            changed: plan.changed,
            become_admin: plan.become_admin.len(),
        }
    }

    /// Whether they are so many that somebody is to say yes.
    pub(super) fn are_many(&self) -> bool {
        self.gained + self.lost + self.changed > limits::UNCONFIRMED_PEOPLE
    }
}

/// What is known of people's roles before a plan is carried out.
pub(super) struct Outlook {
    /// What becomes of whose, where it can be foreseen.
    pub(super) people: Vec<People>,
    /// Whether it would bear on people's roles in a way that shows only when it is done.
    pub(super) is_unseen: bool,
}

/// Whom a plan would change. Only rules on their own can be foreseen.
pub(super) async fn outlook(
    opened: &Opened,
    plan: &Plan,
    present: &Present,
) -> Result<Outlook, Failure> {
    let (mut people, mut is_unseen) = (Vec::new(), false);
    for it in &plan.organizations {
        // Nobody is in one that is only made.
        let Some(ids) = present.ids.get(&it.slug) else {
            continue;
        };
        let can_be_seen = it.settings.is_empty() && it.rules.len() <= limits::PROPOSALS;
        if can_be_seen && !it.rules.is_empty() {
            let rules = proposals(&it.rules, ids)?;
            let plan = mapping_changes::look(opened, ids.organization, rules).await?;
            people.push(People::of(&it.slug, &plan));
        } else {
            let rules = it.rules.iter().any(|rule| !is_of_new(rule, ids));
            let bears = rules || it.settings.iter().any(bears_on_people);
            is_unseen |= bears || it.slug == organizations::RESERVED;
        }
    }
    Ok(Outlook { people, is_unseen })
}

/// Whether a rule is of a connection that is only made, so that it has nobody yet.
fn is_of_new(rule: &Rule, ids: &Ids) -> bool {
    matches!(rule, Rule::Add(it) if ids.connection(&it.connection).is_none())
}

/// Whether people's roles, or who comes in, may differ after this.
fn bears_on_people(setting: &Setting) -> bool {
    match setting {
        Setting::ChangeConnection {
            settings, state, ..
        } => {
            let roles = settings.default_role.is_some() || settings.max_role.is_some();
            let ways = settings.mode.is_some() || settings.testing.is_some();
            roles || ways || state.is_some()
        }
        Setting::ChangeProject { wanted, .. } => wanted.archived.is_some(),
        Setting::Connection { .. }
        | Setting::Domain(_)
        | Setting::Policy(_)
        | Setting::Project(_)
        | Setting::Rename(_)
        | Setting::RenameRole { .. }
        | Setting::Role(_) => false,
    }
}

/// Does what a plan says, and notes what was done.
pub(super) async fn apply(
    opened: &Opened,
    plan: &Plan,
    present: &Present,
    done: &mut Done,
) -> Result<(), Failure> {
    for it in &plan.organizations {
        let ids = match (present.ids.get(&it.slug), &it.create) {
            (Some(ids), _) => ids.clone(),
            (None, Some(new)) => {
                let (new, url) = (new.clone(), opened.public_url());
                let created = organizations::create(&opened.store, opened.context(), new, url);
                let created = created.await?;
                done.something = true;
                Ids::of(created.organization.id)
            }
            (None, None) => return Err(Error::NotFound(Kind::Organization).into()),
        };
        let ids = Box::pin(set(opened, it, ids, done)).await?;
        Box::pin(rule(opened, it, &ids, done)).await?;
        Box::pin(end(opened, it, ids, done)).await?;
    }
    Ok(())
}

/// What comes before the rules; answers the ids with those of what was made.
async fn set(
    opened: &Opened,
    plan: &OrganizationPlan,
    mut ids: Ids,
    done: &mut Done,
) -> Result<Ids, Failure> {
    if plan.settings.is_empty() {
        return Ok(ids);
    }
    let (org, context) = (ids.organization, opened.context());
    let cause = context.cause.clone();
    let (steps, known) = (Arc::new(plan.settings.clone()), Arc::new(ids.clone()));
    let made = change(&opened.store, org, context, move |change| {
        let (steps, known) = (Arc::clone(&steps), Arc::clone(&known));
        async move { settings(change, &steps, &known).await }.boxed()
    });
    let made = made.await?;
    done.something = true;
    for created in made {
        let (id, name) = (created.connection.id, &created.connection.name);
        ids.put_connection(name, id);
        let secret = json!({
            "what": "connection",
            "organization": plan.slug,
            "name": name,
            "id": id,
            "scim_token": created.scim_token,
        });
        let addresses = json!(Addresses::of(opened.public_url(), id));
        done.secrets.push(with(secret, addresses));
    }
    recompute::finish(opened, org, &cause).await?;
    Ok(ids)
}

/// The members of two objects.
fn with(one: Value, other: Value) -> Value {
    let mut members = Map::new();
    for it in [one, other] {
        if let Value::Object(its) = it {
            members.extend(its);
        }
    }
    Value::Object(members)
}

async fn settings(
    change: &mut Change<'_>,
    steps: &[Setting],
    ids: &Ids,
) -> Result<Vec<CreatedConnection>, Error> {
    let mut made = Vec::new();
    for step in steps {
        match step {
            Setting::ChangeConnection {
                name,
                settings,
                state,
            } => {
                let id = ids.connection(name);
                let id = id.ok_or(Error::NotFound(Kind::Connection))?;
                Box::pin(connections::update_in(change, id, settings)).await?;
                if let Some(state) = state {
                    connection_state::set_state_in(change, id, *state).await?;
                }
            }
            Setting::ChangeProject { slug, wanted } => {
                projects::update(change, slug, wanted).await?;
            }
            Setting::Connection { settings, state } => {
                let created = Box::pin(connections::create_in(change, settings)).await?;
                if let Some(state) = state {
                    let id = created.connection.id;
                    connection_state::set_state_in(change, id, *state).await?;
                }
                made.push(created);
            }
            Setting::Domain(domain) => {
                domains::add(change, domain).await?;
            }
            Setting::Policy(next) => {
                policy::replace(change, true, next.clone()).await?;
            }
            Setting::Project(new) => {
                projects::create_in(change, new).await?;
            }
            Setting::Rename(name) => {
                let wanted = OrganizationChange { name: name.clone() };
                organizations::rename(change, &wanted).await?;
            }
            Setting::RenameRole { slug, name } => {
                let wanted = RoleChange { name: name.clone() };
                roles::rename(change, slug, &wanted).await?;
            }
            Setting::Role(new) => {
                roles::create_in(change, new).await?;
            }
        }
    }
    Ok(made)
}

/// The rules, as many together as a plan takes: each with the digest of what it was seen to do a moment ago,
/// and without one where many people's roles change and that is not meant.
async fn rule(
    opened: &Opened,
    plan: &OrganizationPlan,
    ids: &Ids,
    done: &mut Done,
) -> Result<(), Failure> {
    let org = ids.organization;
    for rules in plan.rules.chunks(limits::PROPOSALS) {
        let proposals = proposals(rules, ids)?;
        let seen = mapping_changes::look(opened, org, proposals.clone()).await?;
        let few = seen.count() <= limits::UNCONFIRMED_PEOPLE;
        let digest = (done.meant || few).then_some(seen.digest);
        let applied = mapping_changes::apply(opened, org, proposals, digest).await?;
        done.something = true;
        done.people.push(People::of(&plan.slug, &applied.plan));
    }
    Ok(())
}

fn proposals(rules: &[Rule], ids: &Ids) -> Result<Vec<Proposal>, Error> {
    rules.iter().map(|rule| proposal(rule, ids)).collect()
}

fn proposal(rule: &Rule, ids: &Ids) -> Result<Proposal, Error> {
    let known = |place: usize| {
        let id = ids.mappings.get(place).copied();
        id.ok_or(Error::NotFound(Kind::Mapping))
    };
    Ok(match rule {
        Rule::Add(mapping) => {
            let connection = ids.connection(&mapping.connection);
            Proposal::Add(NewMapping {
                connection: connection.ok_or(Error::NotFound(Kind::Connection))?,
                match_kind: mapping.match_kind,
                group: mapping.group.clone(),
                role: mapping.role.clone(),
                projects: mapping.projects.clone(),
                position: mapping.position,
                enabled: Some(mapping.enabled),
            })
        }
        Rule::Change {
            place,
            role,
            projects,
            enabled,
            position,
        } => Proposal::Update(RuleChange {
            id: known(*place)?,
            role: role.clone(),
            projects: projects.clone(),
            enabled: *enabled,
            position: *position,
        }),
        Rule::DefaultRole(role) => Proposal::DefaultRole(DefaultRole { role: role.clone() }),
        Rule::Remove { place } => Proposal::Remove(Removal {
            connection_id: None,
            id: known(*place)?,
        }),
        Rule::RemoveRole(role) => Proposal::RemoveRole(RoleRemoval {
            role: role.clone(),
            replace_with: None,
        }),
    })
}

/// What comes after the rules.
async fn end(
    opened: &Opened,
    plan: &OrganizationPlan,
    ids: Ids,
    done: &mut Done,
) -> Result<(), Failure> {
    if plan.endings.is_empty() {
        return Ok(());
    }
    let keys = opened.links.secrets.clone();
    let (org, context) = (ids.organization, opened.context());
    let (steps, known) = (Arc::new(plan.endings.clone()), Arc::new(ids));
    let made = change(&opened.store, org, context, move |change| {
        let (steps, known, keys) = (Arc::clone(&steps), Arc::clone(&known), keys.clone());
        async move { endings(change, &keys, &steps, &known).await }.boxed()
    });
    let made = made.await?;
    done.something = true;
    done.secrets.extend(made.into_iter().map(|it| {
        json!({
            "what": "webhook",
            "organization": plan.slug,
            "name": it.webhook.name,
            "id": it.webhook.id,
            "secret": it.secret,
        })
    }));
    Ok(())
}

async fn endings(
    change: &mut Change<'_>,
    keys: &DataKeys,
    steps: &[Ending],
    ids: &Ids,
) -> Result<Vec<WebhookSecret>, Error> {
    let known = |place: usize| {
        let id = ids.webhooks.get(place).copied();
        id.ok_or(Error::NotFound(Kind::Webhook))
    };
    let mut made = Vec::new();
    for step in steps {
        match step {
            Ending::ArchiveProject(slug) => {
                let wanted = ProjectChange {
                    name: None,
                    archived: Some(true),
                };
                projects::update(change, slug, &wanted).await?;
            }
            Ending::ChangeWebhook { place, wanted } => {
                webhooks::update(change, keys, known(*place)?, wanted.clone()).await?;
            }
            Ending::RemoveWebhook { place } => {
                webhooks::delete(change, known(*place)?).await?;
            }
            Ending::Webhook(new) => {
                made.push(webhooks::create(change, keys, new.clone()).await?);
            }
        }
    }
    Ok(made)
}
