//! Groups and roles: which group of which connection gives which role. Every change is shown as a plan first, and made
//! only as it was shown.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::json;

use crate::directory::role::OWNER_RANK;
use crate::http::Gateway;
use crate::http::admin::asked::Asked;
use crate::http::admin::connections::{self, Connection};
use crate::http::admin::groups;
use crate::http::admin::mappings::{self, Mapping};
use crate::http::admin::projects;
use crate::http::admin::roles::{self, Role};
use crate::http::console::frame::page_with;
use crate::http::console::plans::{self, Wish};
use crate::http::console::{
    Answer, Form, Frame, Posted, Section, Visitor, filters, lists, unknown_action, values,
};
use crate::http::reply::problem::{Problem, Type};
use crate::id::ConnectionId;
use crate::provisioning::groups_view::Group;
use crate::provisioning::settings::projects::Project;

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new().route(
        "/console/organizations/{slug}/mappings",
        get(shown).post(posted),
    )
}

/// By what a rule may know its group.
const KINDS: [(&str, &str); 3] = [
    ("name", "Its name, in upper or lower case"),
    ("external_id", "Its externalId at the identity provider"),
    ("id", "The id of the SCIM Group here"),
];

/// The fields by which changes are asked for.
const FIELDS: [&str; 10] = [
    "change",
    "id",
    "connection_id",
    "match_kind",
    "match_text",
    "role",
    "projects",
    "position",
    "enabled",
    "default",
];

#[derive(Template)]
#[template(path = "console/mappings.html")]
struct Mappings {
    frame: Frame,
    form: Form,
    connections: Vec<Ruled>,
    /// The rule that is looked at, to be changed.
    one: Option<One>,
    /// What directories push, the first of it.
    groups: Vec<Group>,
    has_more_groups: bool,
    /// Connections that a rule can be of.
    sources: Vec<(String, String)>,
    roles: Vec<(String, String)>,
    projects: Vec<(String, String)>,
    defaults: Vec<Choice>,
}

/// A connection with its rules.
struct Ruled {
    id: ConnectionId,
    name: String,
    default_role: Option<String>,
    max_role: String,
    pushes_since: Option<Timestamp>,
    rules: Vec<Mapping>,
}

/// A rule that is looked at.
struct One {
    id: String,
    group: String,
    connection: String,
    is_enabled: bool,
}

/// A role that may be the default.
struct Choice {
    slug: String,
    name: String,
    is_now: bool,
}

/// `GET .../mappings`.
async fn shown(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Answer {
    draw(&visitor, &slug, lists::form(query.as_deref())).await
}

async fn draw(visitor: &Visitor, slug: &str, form: Form) -> Answer {
    let (of, all) = (|| Path(slug.to_owned()), || Asked::of("limit=200"));
    let Json(connections) = connections::list(visitor.admin(), of(), all()?).await?;
    let Json(roles) = roles::list(visitor.admin(), of(), all()?).await?;
    let Json(projects) = projects::list(visitor.admin(), of(), all()?).await?;
    let Json(groups) = groups::list(visitor.admin(), of(), Asked::of("limit=200")?).await?;
    let rules = rules(visitor, slug).await?;
    let mut roles = roles.data;
    roles.sort_by_key(|role| role.rank);
    roles.retain(|role| role.rank < OWNER_RANK);
    let id = form.value("id");
    let rule = rules.iter().find(|rule| rule.id.to_string() == id);
    let (one, scope) = match rule {
        Some(rule) => (Some(one(rule, &connections.data)), rule.projects.clone()),
        None => (None, Vec::new()),
    };
    let said = plans::said(form.value("done"));
    let form = match rule {
        Some(rule) if form.value("change") != "update" => filled(rule, form),
        _ => form,
    };
    let sources = connections.data.iter();
    let shown = Mappings {
        frame: Frame::of(visitor, slug, Section::Mappings).saying(said),
        form,
        one,
        groups: groups.data,
        has_more_groups: groups.has_more,
        sources: sources
            .map(|it| (it.id.to_string(), it.name.clone()))
            .collect(),
        connections: ruled(connections.data, rules),
        projects: choosable(projects.data, &scope),
        defaults: roles.iter().map(choice).collect(),
        roles: roles.into_iter().map(|it| (it.slug, it.name)).collect(),
    };
    Ok(page_with(shown.form.status(), &shown))
}

/// Every rule of an organization.
async fn rules(visitor: &Visitor, slug: &str) -> Result<Vec<Mapping>, Problem> {
    let (mut all, mut query) = (Vec::new(), "limit=200".to_owned());
    loop {
        let asked = Asked::of(&query)?;
        let listed = mappings::list(visitor.admin(), Path(slug.to_owned()), asked).await;
        let Json(page) = listed?;
        all.extend(page.data);
        let Some(after) = page.next else {
            return Ok(all);
        };
        query = format!("limit=200&after={after}");
    }
}

/// The connections, each with its rules in their order.
fn ruled(connections: Vec<Connection>, rules: Vec<Mapping>) -> Vec<Ruled> {
    let mut of: BTreeMap<ConnectionId, Vec<Mapping>> = BTreeMap::new();
    for rule in rules {
        of.entry(rule.connection_id).or_default().push(rule);
    }
    let one = |it: Connection| {
        let mut rules = of.remove(&it.id).unwrap_or_default();
        rules.sort_by_key(|rule| rule.position);
        Ruled {
            id: it.id,
            name: it.name,
            default_role: it.default_role,
            max_role: it.max_role,
            pushes_since: it.scim_groups_since,
            rules,
        }
    };
    connections.into_iter().map(one).collect()
}

fn one(rule: &Mapping, connections: &[Connection]) -> One {
    let connection = connections.iter().find(|it| it.id == rule.connection_id);
    One {
        id: rule.id.to_string(),
        group: rule.match_text.clone(),
        connection: connection.map(|it| it.name.clone()).unwrap_or_default(),
        is_enabled: rule.enabled,
    }
}

/// The form that changes a rule, as the rule is, with what is wrong with the one that was sent.
fn filled(rule: &Mapping, sent: Form) -> Form {
    let (id, position) = (rule.id.to_string(), rule.position.to_string());
    let mut pairs = vec![
        ("id", id.as_str()),
        ("role", rule.role.as_str()),
        ("position", position.as_str()),
    ];
    pairs.extend(rule.projects.iter().map(|it| ("projects", it.as_str())));
    let mut form = Form::saying(&pairs);
    form.faults = sent.faults;
    form.problem = sent.problem;
    form
}

/// Projects that a rule can be for: those that live, and those that it is for already.
fn choosable(projects: Vec<Project>, scope: &[String]) -> Vec<(String, String)> {
    let mut all = Vec::with_capacity(projects.len());
    for it in projects {
        if it.archived_at.is_none() {
            all.push((it.slug, it.name));
        } else if scope.contains(&it.slug) {
            all.push((it.slug, format!("{} (archived)", it.name)));
        }
    }
    all
}

fn choice(role: &Role) -> Choice {
    Choice {
        slug: role.slug.clone(),
        name: role.name.clone(),
        is_now: role.default,
    }
}

/// `POST .../mappings`: shows what a change does, or makes it as it was shown.
async fn posted(Path(slug): Path<String>, Posted { visitor, mut form }: Posted) -> Answer {
    if !matches!(form.action(), "preview" | "apply") {
        return Err(unknown_action());
    }
    let went = match wish(&form) {
        Ok(wish) => plans::taken(&visitor, &slug, &form, wish).await,
        Err(problem) => Err(problem),
    };
    match went {
        Ok(response) => Ok(response),
        Err(problem) => {
            lists::kept(&mut form, problem)?;
            draw(&visitor, &slug, form).await
        }
    }
}

/// What a form asks for.
fn wish(form: &Form) -> Result<Wish, Problem> {
    let (id, group, role) = (
        form.value("id"),
        form.value("match_text").trim(),
        form.value("role"),
    );
    let projects = form.all("projects");
    let place = place(&projects);
    let (change, what) = match form.value("change") {
        "add" => {
            let mut new = form.object(&["connection_id", "match_kind", "role"]);
            new.insert("match_text".to_owned(), json!(group));
            new.insert("projects".to_owned(), json!(projects));
            let what = format!("A rule is added: the group {group} gives {role} {place}.");
            (json!({"add": new}), what)
        }
        "update" => {
            let position = values::number(form, "position")?;
            let rule = json!({"id": id, "role": role, "projects": projects, "position": position});
            let what =
                format!("The rule of the group {group} is changed: it gives {role} {place}.");
            (json!({"update": rule}), what)
        }
        "switch" => {
            let is_on = form.is_on("enabled");
            let word = if is_on { "on" } else { "off" };
            let what = format!("The rule of the group {group} is switched {word}.");
            (json!({"update": {"id": id, "enabled": is_on}}), what)
        }
        "remove" => {
            let what =
                format!("The rule of the group {group} is removed, as if everybody had left it.");
            (json!({"remove": {"id": id}}), what)
        }
        "default_role" => {
            let role = form.value("default");
            let what = format!("Whom nothing else gives a role has {role}.");
            (json!({"default_role": {"role": role}}), what)
        }
        _ => {
            let detail = "the form says no change that this page makes";
            return Err(Problem::new(Type::Invalid, detail));
        }
    };
    Ok(Wish {
        changes: json!([change]),
        what,
        page: "mappings",
        fields: plans::fields(form, &FIELDS),
    })
}

/// Where a role is given.
fn place(projects: &[&str]) -> String {
    match projects {
        [] => "in the whole organization".to_owned(),
        [one] => format!("in the project {one}"),
        many => format!("in the projects {}", many.join(", ")),
    }
}
