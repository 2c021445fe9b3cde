//! Roles and projects: what an organization may give, and where. A role goes by a plan that was shown, with another in
//! its place wherever it is used.

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::routing::get;
use axum::{Extension, Json, Router};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::directory::role::{DEFAULT_MAXIMUM, OWNER_RANK};
use crate::http::Gateway;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::conditional::EntityTag;
use crate::http::admin::roles::{self, Role};
use crate::http::admin::{projects, recomputes};
use crate::http::console::frame::page_with;
use crate::http::console::plans::{self, Wish};
use crate::http::console::{
    Answer, Form, Frame, Posted, Section, Visitor, done, filters, lists, unknown_action, values,
};
use crate::http::reply::problem::Problem;
use crate::provisioning::recompute::Recompute;
use crate::provisioning::settings::projects::Project;

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new().route(
        "/console/organizations/{slug}/roles",
        get(shown).post(posted),
    )
}

#[derive(Template)]
#[template(path = "console/roles.html")]
struct Listed {
    frame: Frame,
    /// The form about roles.
    form: Form,
    /// The form about projects.
    other: Form,
    roles: Vec<Role>,
    projects: Vec<Project>,
    /// The role that is looked at, to be changed.
    role: Option<OneRole>,
    /// The project that is looked at, to be changed.
    project: Option<OneProject>,
    /// What may take the role's place.
    places: Vec<(String, String)>,
    /// Roles that are being computed.
    running: Vec<Recompute>,
    /// When that was looked at.
    now: Timestamp,
}

/// A role that is looked at.
struct OneRole {
    /// What the page has read of it.
    tag: String,
    slug: String,
    name: String,
    may_go: bool,
}

/// A project that is looked at.
struct OneProject {
    /// What the page has read of it.
    tag: String,
    slug: String,
    name: String,
    is_archived: bool,
}

/// `GET .../roles`.
async fn shown(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Answer {
    draw(&visitor, &slug, lists::form(query.as_deref())).await
}

async fn draw(visitor: &Visitor, slug: &str, form: Form) -> Answer {
    let (of, all) = (|| Path(slug.to_owned()), || Asked::of("limit=200"));
    let Json(roles) = roles::list(visitor.admin(), of(), all()?).await?;
    let Json(projects) = projects::list(visitor.admin(), of(), all()?).await?;
    let Json(running) = recomputes::list(visitor.admin(), of(), all()?).await?;
    let mut roles = roles.data;
    roles.sort_by_key(|role| -role.rank);
    let running: Vec<_> = running.data.into_iter().filter(|it| !it.finished).collect();
    let role = roles.iter().find(|it| it.slug == form.value("role"));
    let role = role.map(one_role);
    let mut all = projects.data.iter();
    let project = all.find(|it| it.slug == form.value("project"));
    let project = project.map(one_project);
    let notice = said(form.value("done"));
    let status = form.status();
    let places = places(&roles, role.as_ref());
    let (form, other) = apart(form, role.as_ref(), project.as_ref());
    let shown = Listed {
        frame: Frame::of(visitor, slug, Section::Mappings).saying(notice),
        form,
        other,
        roles,
        projects: projects.data,
        role,
        project,
        places,
        running,
        now: visitor.gateway.ids.clock().now(),
    };
    Ok(page_with(status, &shown))
}

fn one_role(role: &Role) -> OneRole {
    OneRole {
        tag: EntityTag::of(role).to_string(),
        slug: role.slug.clone(),
        name: role.name.clone(),
        may_go: role.rank < OWNER_RANK && role.slug != DEFAULT_MAXIMUM,
    }
}

fn one_project(project: &Project) -> OneProject {
    OneProject {
        tag: EntityTag::of(project).to_string(),
        slug: project.slug.clone(),
        name: project.name.clone(),
        is_archived: project.archived_at.is_some(),
    }
}

/// What may take the place of a role that goes.
fn places(roles: &[Role], gone: Option<&OneRole>) -> Vec<(String, String)> {
    let nothing = "Nothing: it goes only where nothing uses it".to_owned();
    let others = roles
        .iter()
        .filter(|it| it.rank < OWNER_RANK && gone.is_some_and(|gone| gone.slug != it.slug));
    let others = others.map(|it| (it.slug.clone(), it.name.clone()));
    std::iter::once((String::new(), nothing))
        .chain(others)
        .collect()
}

/// The form about roles, and that about projects: one of them may have been sent.
fn apart(form: Form, role: Option<&OneRole>, project: Option<&OneProject>) -> (Form, Form) {
    let role = role.map(|it| Form::saying(&[("name", it.name.as_str())]));
    let project = project.map(|it| Form::saying(&[("name", it.name.as_str())]));
    let (role, project) = (role.unwrap_or_default(), project.unwrap_or_default());
    if form.action().ends_with("project") {
        return (Form::default(), form.or_as_it_is(project));
    }
    if !form.action().is_empty() {
        return (form.or_as_it_is(role), Form::default());
    }
    (role, project)
}

fn said(done: &str) -> Option<&'static str> {
    Some(match done {
        "create_role" => "The role is there. A group gives it by a rule, and an admin by hand.",
        "rename_role" => "The role is called so from now on.",
        "create_project" => "The project is there.",
        "rename_project" => "The project is called so from now on.",
        "archive_project" => "Archived. Apps are told no role in it, and nobody is given one.",
        "revive_project" => "It is live again, and everybody has what they had.",
        _ => return plans::said(done),
    })
}

/// `POST .../roles`: what is done to roles and projects.
async fn posted(Path(slug): Path<String>, Posted { visitor, mut form }: Posted) -> Answer {
    let what = form.action().to_owned();
    let went = match &*what {
        "preview" | "apply" => match plans::taken(&visitor, &slug, &form, removal(&form)).await {
            Ok(response) => return Ok(response),
            Err(problem) => Err(problem),
        },
        "create_role" => created(&visitor, &slug, &form).await,
        "rename_role" => {
            let path = Path((slug.clone(), form.value("role").to_owned()));
            let (admin, request) = (visitor.admin(), Extension(visitor.request.clone()));
            let wanted = Unread::of(&json!({"name": form.value("name")}));
            roles::rename(admin, request, path, wanted).await.map(drop)
        }
        "create_project" => {
            let (admin, request) = (visitor.admin(), Extension(visitor.request.clone()));
            let new = Unread::of(&json!(form.object(&["slug", "name"])));
            let created = projects::create(admin, request, Path(slug.clone()), new).await;
            created.map(drop)
        }
        "rename_project" => {
            let wanted = json!({"name": form.value("name")});
            changed(&visitor, (&slug, form.value("project")), wanted).await
        }
        "archive_project" | "revive_project" => {
            let wanted = json!({"archived": what == "archive_project"});
            changed(&visitor, (&slug, form.value("project")), wanted).await
        }
        _ => return Err(unknown_action()),
    };
    if let Err(problem) = went {
        lists::kept(&mut form, problem)?;
        return draw(&visitor, &slug, form).await;
    }
    Ok(done(&format!("/console/organizations/{slug}/roles"), &what))
}

async fn created(visitor: &Visitor, slug: &str, form: &Form) -> Result<(), Problem> {
    let mut new = form.object(&["slug", "name"]);
    new.insert("rank".to_owned(), json!(values::number(form, "rank")?));
    let (admin, request) = (visitor.admin(), Extension(visitor.request.clone()));
    let new = Unread::of(&json!(new));
    let created = roles::create(admin, request, Path(slug.to_owned()), new).await;
    created.map(drop)
}

async fn changed(
    visitor: &Visitor,
    (slug, project): (&str, &str),
    wanted: Value,
) -> Result<(), Problem> {
    let (admin, request) = (visitor.admin(), Extension(visitor.request.clone()));
    let path = Path((slug.to_owned(), project.to_owned()));
    let changed = projects::update(admin, request, path, Unread::of(&wanted)).await;
    changed.map(drop)
}

/// The removal of a role that a form asks for.
fn removal(form: &Form) -> Wish {
    let (role, next) = (form.value("role"), form.text("replace_with"));
    let what = match next {
        Some(next) => {
            format!("The role {role} is removed, and {next} takes its place wherever it is used.")
        }
        None => format!("The role {role} is removed."),
    };
    Wish {
        changes: json!([{"remove_role": {"role": role, "replace_with": next}}]),
        what,
        page: "roles",
        fields: plans::fields(form, &["role", "name", "replace_with"]),
    }
}
