//! Safeguards: what directories did that was beyond what is usual, what of it waits for somebody, and where what they
//! say is not in force.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::routing::get;
use axum::{Extension, Json, Router};
use jiff::Timestamp;
use serde_json::json;

use crate::directory::safeguard::{Danger, SafeguardState, WaiverKind, WaiverState};
use crate::http::Gateway;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::{safeguards, users};
use crate::http::console::frame::{page, page_with};
use crate::http::console::plans::{self, Names};
use crate::http::console::{
    Answer, Form, Frame, Posted, Section, Visitor, done, filters, lists, unknown_action,
};
use crate::http::reply::problem::{Problem, Type};
use crate::id::UserId;
use crate::provisioning::safeguards::view::{Drift, Holding, SafeguardView, Waiver};

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/console/organizations/{slug}/safeguards", get(list))
        .route(
            "/console/organizations/{slug}/safeguards/{id}",
            get(shown).post(posted),
        )
}

/// People on a page.
const PEOPLE: usize = 50;
/// Lines of each part of the drift report.
const LINES: usize = 20;
/// Safeguards that are over, on a page.
const OVER: usize = 100;

#[derive(Template)]
#[template(path = "console/safeguards.html")]
struct Safeguards {
    frame: Frame,
    waiting: Vec<Tripped>,
    over: Vec<Tripped>,
    /// How many more are over.
    older: usize,
    said: Vec<Line>,
    /// How many more of these there are.
    said_more: usize,
    by_hand: Vec<Holding>,
    by_hand_more: usize,
    /// Resources that are nobody's.
    links: usize,
}

/// A safeguard, and the connection that it watches.
struct Tripped {
    it: SafeguardView,
    connection: String,
}

/// What a directory says of a person and is not in force.
struct Line {
    user: String,
    name: String,
    says: &'static str,
    state: WaiverState,
    since: Timestamp,
    connection: String,
}

#[derive(Template)]
#[template(path = "console/safeguard.html")]
struct Safeguard {
    frame: Frame,
    form: Form,
    it: SafeguardView,
    connection: String,
    is_held: bool,
    /// How many people it holds something of.
    many: usize,
    people: Vec<Person>,
    next: Option<String>,
    /// What a yes does.
    yes: &'static str,
    /// What comes of nobody's decision.
    otherwise: &'static str,
}

/// What a safeguard holds of one person.
struct Person {
    id: String,
    name: String,
    said: Vec<(&'static str, WaiverState)>,
    since: Timestamp,
}

/// `GET .../safeguards`.
async fn list(visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let names = plans::names(&visitor, &slug).await?;
    let mut all = all(&visitor, &slug).await?;
    all.sort_by_key(|it| std::cmp::Reverse(it.id));
    let tripped = |it: SafeguardView| Tripped {
        connection: names.get(&it.connection_id).cloned().unwrap_or_default(),
        it,
    };
    let is_held = |it: &Tripped| it.it.state == SafeguardState::Held;
    let (waiting, mut over): (Vec<_>, Vec<_>) = all.into_iter().map(tripped).partition(is_held);
    let older = over.len().saturating_sub(OVER);
    over.truncate(OVER);
    let Json(drift) = safeguards::drift(visitor.admin(), Path(slug.clone())).await?;
    let Drift {
        waivers,
        mut by_hand,
        links,
    } = drift;
    let said_more = waivers.len().saturating_sub(LINES);
    let by_hand_more = by_hand.len().saturating_sub(LINES);
    by_hand.truncate(LINES);
    let said = lines(&visitor, &slug, (waivers, &names)).await?;
    Ok(page(&Safeguards {
        frame: Frame::of(&visitor, &slug, Section::Safeguards),
        waiting,
        over,
        older,
        said,
        said_more,
        by_hand,
        by_hand_more,
        links: links.len(),
    }))
}

/// Every safeguard that tripped.
async fn all(visitor: &Visitor, slug: &str) -> Result<Vec<SafeguardView>, Problem> {
    let (mut all, mut query) = (Vec::new(), "limit=200".to_owned());
    loop {
        let asked = Asked::of(&query)?;
        let listed = safeguards::list(visitor.admin(), Path(slug.to_owned()), asked).await;
        let Json(page) = listed?;
        all.extend(page.data);
        let Some(after) = page.next else {
            return Ok(all);
        };
        query = format!("limit=200&after={after}");
    }
}

/// The first of what directories say that is not in force.
async fn lines(
    visitor: &Visitor,
    slug: &str,
    (mut waivers, names): (Vec<Waiver>, &Names),
) -> Result<Vec<Line>, Problem> {
    waivers.truncate(LINES);
    let called = called(visitor, slug, waivers.iter().map(|it| it.user_id).collect()).await?;
    let line = |it: Waiver| Line {
        name: name(&called, it.user_id),
        user: it.user_id.to_string(),
        says: says(it.kind),
        state: it.state,
        since: it.since,
        connection: names.get(&it.connection_id).cloned().unwrap_or_default(),
    };
    Ok(waivers.into_iter().map(line).collect())
}

/// How these people are called, as far as they are still there.
pub(super) async fn called(
    visitor: &Visitor,
    slug: &str,
    people: BTreeSet<UserId>,
) -> Result<BTreeMap<UserId, String>, Problem> {
    let mut called = BTreeMap::new();
    for id in people {
        let path = Path((slug.to_owned(), id.to_string()));
        let user = match users::show(visitor.admin(), path).await {
            Ok(Json(detail)) => detail.user,
            Err(problem) if problem.kind() == Type::NotFound => continue,
            Err(problem) => return Err(problem),
        };
        if let Some(name) = user.display_name.or(user.email) {
            called.insert(id, name);
        }
    }
    Ok(called)
}

/// How somebody is called; their id where nothing else is known.
pub(super) fn name(called: &BTreeMap<UserId, String>, id: UserId) -> String {
    called.get(&id).cloned().unwrap_or_else(|| id.to_string())
}

/// What the directory says of somebody.
fn says(kind: WaiverKind) -> &'static str {
    match kind {
        WaiverKind::Deletion => "deleted",
        WaiverKind::Kept => "taken out of a group that gives something",
        WaiverKind::Suspension => "deactivated",
        WaiverKind::Withheld => "put into a group that gives something",
    }
}

/// `GET .../safeguards/{id}`.
async fn shown(
    visitor: Visitor,
    Path((slug, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Answer {
    draw(&visitor, (&slug, &id), lists::form(query.as_deref())).await
}

async fn draw(visitor: &Visitor, (slug, id): (&str, &str), form: Form) -> Answer {
    let path = Path((slug.to_owned(), id.to_owned()));
    let Json(mut it) = safeguards::show(visitor.admin(), path).await?;
    let names = plans::names(visitor, slug).await?;
    let mut of: BTreeMap<UserId, Vec<Waiver>> = BTreeMap::new();
    for waiver in std::mem::take(&mut it.holds) {
        of.entry(waiver.user_id).or_default().push(waiver);
    }
    let many = of.len();
    let from: usize = form.value("from").parse().unwrap_or(0);
    let of: BTreeMap<_, _> = of.into_iter().skip(from).take(PEOPLE).collect();
    let called = called(visitor, slug, of.keys().copied().collect()).await?;
    let person = |(id, held): (UserId, Vec<Waiver>)| {
        let since = held.iter().map(|it| it.since).min()?;
        Some(Person {
            name: name(&called, id),
            id: id.to_string(),
            said: held.iter().map(|it| (says(it.kind), it.state)).collect(),
            since,
        })
    };
    let next = from.saturating_add(PEOPLE);
    let shown = Safeguard {
        frame: Frame::of(visitor, slug, Section::Safeguards).saying(said(form.value("done"))),
        connection: names.get(&it.connection_id).cloned().unwrap_or_default(),
        is_held: it.state == SafeguardState::Held,
        many,
        people: of.into_iter().filter_map(person).collect(),
        next: (next < many).then(|| format!("?from={next}")),
        yes: yes(it.kind),
        otherwise: otherwise(it.kind),
        it,
        form,
    };
    Ok(page_with(shown.form.status(), &shown))
}

fn yes(kind: Danger) -> &'static str {
    match kind {
        Danger::Promotions => {
            "What the directory's groups give comes into force: these people become admins, or more."
        }
        Danger::Removals => {
            "What the directory says comes into force: who is deleted or deactivated there is out, and what groups \
             gave ends for who is out of them."
        }
    }
}

fn otherwise(kind: Danger) -> &'static str {
    match kind {
        Danger::Promotions => {
            "Where nobody decides in time, it is not done. Until then they keep what they had."
        }
        Danger::Removals => {
            "Where nobody decides in time, it is done. Until then they do not sign in, and keep everything else."
        }
    }
}

fn said(done: &str) -> Option<&'static str> {
    Some(match done {
        "approve" => "Approved: it is done.",
        "reject" => {
            "Rejected: it is not done, and shows as drift until the directory says something else."
        }
        "apply" => "Done for this person.",
        _ => return None,
    })
}

/// `POST .../safeguards/{id}`: what it holds is done, or is not.
async fn posted(
    Path((slug, id)): Path<(String, String)>,
    Posted { visitor, mut form }: Posted,
) -> Answer {
    let (admin, request) = (visitor.admin(), Extension(visitor.request.clone()));
    let path = || Path((slug.clone(), id.clone()));
    let what = form.action().to_owned();
    let went = match &*what {
        "approve" => {
            // Just what was looked at: one that names nothing approves nothing.
            let seen = Unread::of(&json!({"digest": form.value("digest")}));
            safeguards::approve(admin, request, path(), seen).await
        }
        "reject" => safeguards::reject(admin, request, path()).await,
        "apply" => {
            let user = form.value("user").to_owned();
            let path = Path((slug.clone(), id.clone(), user));
            safeguards::apply_person(admin, request, path).await
        }
        _ => return Err(unknown_action()),
    };
    if let Err(problem) = went {
        lists::kept(&mut form, problem)?;
        return draw(&visitor, (&slug, &id), form).await;
    }
    let path = format!("/console/organizations/{slug}/safeguards/{id}");
    Ok(done(&path, &what))
}
