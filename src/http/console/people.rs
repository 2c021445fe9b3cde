//! Who is in: the list of an organization's people, and the page of one with everything that may be done to them by
//! hand.

use askama::Template;
use axum::Extension;
use axum::Json;
use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::routing::get;
use serde_json::json;

use crate::http::Gateway;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::conditional::EntityTag;
use crate::http::admin::{by_hand, projects, roles, timeline, user_data, user_sessions, users};
use crate::http::console::filters;
use crate::http::console::frame::page_with;
use crate::http::console::lists::{self, next};
use crate::http::console::{Answer, Form, Frame, Posted, Section, Visitor, done, unknown_action};
use crate::provisioning::feed::Event;
use crate::provisioning::people_view::sessions::Session;
use crate::provisioning::people_view::{Explanation, User, UserDetail};

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/console/organizations/{slug}/users", get(list))
        .route(
            "/console/organizations/{slug}/users/{id}",
            get(shown).post(posted),
        )
}

/// What people may be looked for by.
const STATES: [(&str, &str); 5] = [
    ("", "Any state"),
    ("active", "Active"),
    ("suspended", "Suspended"),
    ("deleted", "Deleted"),
    ("erased", "Erased"),
];

#[derive(Template)]
#[template(path = "console/people.html")]
struct People {
    frame: Frame,
    form: Form,
    users: Vec<User>,
    next: Option<String>,
}

/// `GET .../users`.
async fn list(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let mut form = lists::form(query.as_deref());
    let asked = lists::asked(&form, &["email", "state", "after"]);
    let found = users::list(visitor.admin(), Path(slug.clone()), Asked::of(&asked)?).await;
    let (users, after) = lists::found(&mut form, found)?;
    let frame = Frame::of(&visitor, &slug, Section::People);
    let next = next(&form, &["email", "state"], after);
    let status = form.status();
    Ok(page_with(
        status,
        &People {
            frame,
            form,
            users,
            next,
        },
    ))
}

#[derive(Template)]
#[template(path = "console/person.html")]
struct Person {
    frame: Frame,
    /// What the page has read of them.
    tag: String,
    form: Form,
    it: UserDetail,
    explanation: Explanation,
    /// Where their role comes from.
    source: String,
    sessions: Vec<Session>,
    events: Vec<Event>,
    next: Option<String>,
    roles: Vec<(String, String)>,
    projects: Vec<(String, String)>,
}

/// `GET .../users/{id}`.
async fn shown(
    visitor: Visitor,
    Path((slug, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Answer {
    draw(&visitor, (&slug, &id), lists::form(query.as_deref())).await
}

async fn draw(visitor: &Visitor, (slug, id): (&str, &str), form: Form) -> Answer {
    let path = || Path((slug.to_owned(), id.to_owned()));
    let Json(it) = users::show(visitor.admin(), path()).await?;
    let Json(explanation) = users::explain(visitor.admin(), path(), Asked::of("")?).await?;
    let Json(sessions) = user_sessions::list(visitor.admin(), path(), Asked::of("")?).await?;
    let before = Asked::of(&lists::asked(&form, &["after"]))?;
    let Json(events) = timeline::read(visitor.admin(), path(), before).await?;
    let all = || Asked::of("limit=200");
    let of = || Path(slug.to_owned());
    let Json(roles) = roles::list(visitor.admin(), of(), all()?).await?;
    let Json(projects) = projects::list(visitor.admin(), of(), all()?).await?;
    let mut roles = roles.data;
    roles.sort_by_key(|role| role.rank);
    let choice = "Nothing by hand".to_owned();
    let named = roles.into_iter().filter(|role| role.slug != "owner");
    let named = named.map(|role| (role.slug, role.name));
    let shown = Person {
        tag: EntityTag::of(&it).to_string(),
        frame: Frame::of(visitor, slug, Section::People).saying(said(form.value("done"))),
        it,
        source: source(&explanation),
        explanation,
        sessions: sessions.data,
        next: next(&form, &[], events.next),
        events: events.data,
        roles: std::iter::once((String::new(), choice))
            .chain(named)
            .collect(),
        projects: lists::living(projects.data),
        form,
    };
    Ok(page_with(shown.form.status(), &shown))
}

/// Where a role comes from, in a few words.
fn source(explanation: &Explanation) -> String {
    let because = &explanation.because;
    let decided = explanation
        .candidates
        .iter()
        .find(|it| because.grant_id.is_some() && it.grant_id == because.grant_id);
    let word = decided
        .map_or(because.source, |it| it.source)
        .replace('_', " ");
    match decided.and_then(|it| it.group.as_ref()) {
        Some(group) => format!("{word} {}", group.display_name),
        None => word,
    }
}

fn said(done: &str) -> Option<&'static str> {
    Some(match done {
        "role" => "The role given by hand was changed. What follows from it stands under Explain.",
        "suspend" => "Suspended: every session has ended, and nobody signs in as them.",
        "reactivate" => "The suspension by an admin is lifted.",
        "sign_out" => "Every session was ended. Apps are told.",
        "restore" => "What was given before is given again.",
        "erase" => "Erased. What remains says nothing of who it was.",
        _ => return None,
    })
}

/// `POST .../users/{id}`: what is done to them by hand.
async fn posted(
    Path((slug, id)): Path<(String, String)>,
    Posted { visitor, mut form }: Posted,
) -> Answer {
    let path = || Path((slug.clone(), id.clone()));
    let (admin, request) = (visitor.admin(), Extension(visitor.request.clone()));
    let what = form.action().to_owned();
    let went = match &*what {
        "role" => {
            let wanted = json!({"role": form.text("role"), "projects": form.all("projects")});
            by_hand::set_role(admin, request, path(), Unread::of(&wanted))
                .await
                .map(drop)
        }
        "suspend" => by_hand::suspend(admin, request, path()).await.map(drop),
        "reactivate" => by_hand::reactivate(admin, request, path()).await.map(drop),
        "restore" => {
            let grant = form.value("grant").to_owned();
            let path = Path((slug.clone(), id.clone(), grant));
            by_hand::restore(admin, request, path).await.map(drop)
        }
        "sign_out" => user_sessions::revoke_all(admin, request, path())
            .await
            .map(drop),
        "erase" => {
            let wanted = json!({"reason": form.value("reason")});
            user_data::erase(admin, request, path(), Unread::of(&wanted))
                .await
                .map(drop)
        }
        _ => return Err(unknown_action()),
    };
    if let Err(problem) = went {
        lists::kept(&mut form, problem)?;
        let form = form.or_as_it_is(Form::default());
        return draw(&visitor, (&slug, &id), form).await;
    }
    Ok(done(
        &format!("/console/organizations/{slug}/users/{id}"),
        &what,
    ))
}
