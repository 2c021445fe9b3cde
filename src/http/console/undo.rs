//! Undo: what an import, a request or a directory within a window did to people is taken back, after a plan was shown.

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::{Map, Value, json};

use crate::http::Gateway;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::{imports, safeguards};
use crate::http::console::frame::page_with;
use crate::http::console::plans::{self, Fields, Names, Told};
use crate::http::console::safeguards::{called, name};
use crate::http::console::{
    Answer, Form, Frame, Posted, Section, Visitor, done, lists, unknown_action,
};
use crate::http::reply::problem::{Problem, Type};
use crate::mail::wording::absolute;
use crate::provisioning::import::view::Import;
use crate::provisioning::undo::Left;

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new().route(
        "/console/organizations/{slug}/undo",
        get(shown).post(posted),
    )
}

/// The fields that say what is undone.
const FIELDS: [&str; 6] = [
    "of",
    "import_id",
    "request_id",
    "connection_id",
    "from",
    "to",
];
/// Imports that can be chosen from.
const IMPORTS: usize = 50;
/// People who are named of those of whom something is left.
const LEFT: usize = 50;
/// Bytes of an instant as a field for instants has it, to the second.
const INSTANT: usize = 19;

#[derive(Template)]
#[template(path = "console/undo.html")]
struct Page {
    frame: Frame,
    form: Form,
    connections: Vec<(String, String)>,
    imports: Vec<(String, String)>,
    /// What undoing does, where that is asked for.
    plan: Option<Told>,
    beside: Beside,
}

/// What there is to say beside a plan.
#[derive(Default)]
struct Beside {
    /// What is not undone: a person's id, their name, and why.
    left: Vec<(String, String, &'static str)>,
    left_more: usize,
    /// How many invitations are taken back.
    revoked: usize,
    /// How many grants of an import end.
    ended: usize,
    /// Whether another plan was shown before.
    is_changed: bool,
    /// The fields that the confirmation says again.
    fields: Fields,
}

/// `GET .../undo`.
async fn shown(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let asked = lists::form(query.as_deref());
    let from = asked.value("from");
    let form = Form::saying(&[
        ("done", asked.value("done")),
        ("import_id", asked.value("import_id")),
        ("request_id", asked.value("request_id")),
        ("connection_id", asked.value("connection_id")),
        ("from", from.get(..INSTANT).unwrap_or(from)),
    ]);
    draw(&visitor, &slug, form).await
}

async fn draw(visitor: &Visitor, slug: &str, form: Form) -> Answer {
    let names = plans::names(visitor, slug).await?;
    let notice = match form.value("done") {
        "undone" => Some("Undone, as it was shown."),
        _ => None,
    };
    let shown = Page {
        frame: Frame::of(visitor, slug, Section::Safeguards).saying(notice),
        form,
        connections: options(names),
        imports: past(visitor, slug).await?,
        plan: None,
        beside: Beside::default(),
    };
    Ok(page_with(shown.form.status(), &shown))
}

fn options(names: Names) -> Vec<(String, String)> {
    let all = names.into_iter();
    all.map(|(id, name)| (id.to_string(), name)).collect()
}

/// Imports that can be undone, the latest first.
async fn past(visitor: &Visitor, slug: &str) -> Result<Vec<(String, String)>, Problem> {
    let (mut all, mut query) = (Vec::new(), "limit=200".to_owned());
    loop {
        let asked = Asked::of(&query)?;
        let listed = imports::list(visitor.admin(), Path(slug.to_owned()), asked).await;
        let Json(page) = listed?;
        all.extend(page.data);
        let Some(after) = page.next else { break };
        query = format!("limit=200&after={after}");
    }
    Ok(all.into_iter().rev().take(IMPORTS).map(import).collect())
}

fn import(it: Import) -> (String, String) {
    let (at, created, by) = (absolute(it.created_at), it.created, it.actor);
    let text = format!("{at}: {created} invited, by {by}");
    (it.id.to_string(), text)
}

/// `POST .../undo`: shows what undoing does, or undoes as it was shown.
async fn posted(Path(slug): Path<String>, Posted { visitor, mut form }: Posted) -> Answer {
    let went = match form.action() {
        "preview" => foreseen(&visitor, &slug, &form, false).await,
        "apply" => applied(&visitor, &slug, &form).await,
        _ => return Err(unknown_action()),
    };
    match went {
        Ok(response) => Ok(response),
        Err(problem) => {
            lists::kept(&mut form, problem)?;
            draw(&visitor, &slug, form).await
        }
    }
}

async fn applied(visitor: &Visitor, slug: &str, form: &Form) -> Result<Response, Problem> {
    let mut wanted = wanted(form)?;
    wanted.insert("digest".to_owned(), json!(form.value("digest")));
    let request = Extension(visitor.request.clone());
    let (admin, of) = (visitor.admin(), Path(slug.to_owned()));
    match safeguards::undo(admin, request, of, Unread::of(&json!(wanted))).await {
        Ok(_) => {
            let path = format!("/console/organizations/{slug}/undo");
            Ok(done(&path, "undone"))
        }
        Err(problem) if plans::is_other(&problem) => foreseen(visitor, slug, form, true).await,
        Err(problem) => Err(problem),
    }
}

async fn foreseen(
    visitor: &Visitor,
    slug: &str,
    form: &Form,
    is_changed: bool,
) -> Result<Response, Problem> {
    let wanted = Unread::of(&json!(wanted(form)?));
    let request = Extension(visitor.request.clone());
    let (admin, of) = (visitor.admin(), Path(slug.to_owned()));
    let Json(undone) = safeguards::preview_undo(admin, request, of, wanted).await?;
    let names = plans::names(visitor, slug).await?;
    let plan = Told::of(&undone.plan, &names);
    let beside = Beside {
        left_more: undone.left.len().saturating_sub(LEFT),
        revoked: undone.revoked.len(),
        ended: undone.ended.len(),
        left: left(visitor, slug, undone.left).await?,
        is_changed,
        fields: plans::fields(form, &FIELDS),
    };
    let shown = Page {
        frame: Frame::of(visitor, slug, Section::Safeguards),
        form: Form::default(),
        connections: Vec::new(),
        imports: Vec::new(),
        plan: Some(plan),
        beside,
    };
    let status = if is_changed {
        StatusCode::CONFLICT
    } else {
        StatusCode::OK
    };
    Ok(page_with(status, &shown))
}

/// The first of what is not undone, each with its person.
async fn left(
    visitor: &Visitor,
    slug: &str,
    mut all: Vec<Left>,
) -> Result<Vec<(String, String, &'static str)>, Problem> {
    all.truncate(LEFT);
    let called = called(visitor, slug, all.iter().map(|it| it.user_id).collect()).await?;
    let line = |it: Left| {
        let name = name(&called, it.user_id);
        (it.user_id.to_string(), name, it.why)
    };
    Ok(all.into_iter().map(line).collect())
}

/// What a form says is to be undone.
fn wanted(form: &Form) -> Result<Map<String, Value>, Problem> {
    match form.value("of") {
        "import" => Ok(form.object(&["import_id"])),
        "request" => Ok(form.object(&["request_id"])),
        "window" => {
            let mut window = form.object(&["connection_id"]);
            for name in ["from", "to"] {
                if let Some(text) = form.text(name) {
                    window.insert(name.to_owned(), json!(instant(text)));
                }
            }
            Ok(Map::from_iter([("window".to_owned(), json!(window))]))
        }
        _ => {
            let detail = "say what is to be undone: an import, a request, or a window";
            Err(Problem::new(Type::Invalid, detail))
        }
    }
}

/// An instant as the API takes it: a field for instants says no zone, and means UTC.
fn instant(text: &str) -> String {
    if text.ends_with('Z') {
        return text.to_owned();
    }
    if text.len() < INSTANT {
        return format!("{text}:00Z");
    }
    format!("{text}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_without_a_zone_is_utc() {
        for (text, expected) in [
            ("2026-11-22T10:00", "2026-11-22T10:00:00Z"),
            ("2026-11-22T10:00:05", "2026-11-22T10:00:05Z"),
            ("2026-11-22T10:00:05.5", "2026-11-22T10:00:05.5Z"),
            ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"),
        ] {
            assert_eq!(instant(text), expected);
        }
    }

    #[test]
    fn one_thing_is_undone() {
        for (said, expected) in [
            (
                [("of", "import"), ("import_id", "x"), ("from", "")],
                json!({"import_id": "x"}),
            ),
            (
                [("of", "request"), ("request_id", "y"), ("import_id", "x")],
                json!({"request_id": "y"}),
            ),
            (
                [
                    ("of", "window"),
                    ("connection_id", "c"),
                    ("from", "2026-11-22T10:00"),
                ],
                json!({"window": {"connection_id": "c", "from": "2026-11-22T10:00:00Z"}}),
            ),
        ] {
            assert_eq!(json!(wanted(&Form::saying(&said)).unwrap()), expected);
        }
        assert!(wanted(&Form::default()).is_err());
    }
}
