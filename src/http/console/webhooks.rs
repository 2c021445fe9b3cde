//! Webhooks: where events are posted to, what became of each post, and the secrets by which receivers know them to be
//! ours. A secret is shown once, in the answer that makes it.

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::directory::event::{EventKind, Visibility};
use crate::http::Gateway;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::webhooks::{self, deliveries};
use crate::http::auth::admin::Admin;
use crate::http::console::filters;
use crate::http::console::frame::page_with;
use crate::http::console::lists::{self, next};
use crate::http::console::reading;
use crate::http::console::values::{listed, number};
use crate::http::console::{Answer, Form, Frame, Posted, Section, Visitor, done, unknown_action};
use crate::http::reply::problem::Problem;
use crate::provisioning::settings::webhook_deliveries::WebhookDelivery;
use crate::provisioning::settings::webhooks::{Webhook, WebhookSecret};

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route(
            "/console/organizations/{slug}/webhooks",
            get(list).post(created),
        )
        .route(
            "/console/organizations/{slug}/webhooks/{id}",
            get(shown).post(posted),
        )
}

/// How a webhook may hear of things.
const FORMATS: [(&str, &str); 2] = [
    ("standard", "Events, as Standard Webhooks 1.0 has it"),
    (
        "caep",
        "Who may come in no more, as security event tokens (CAEP)",
    ),
];
/// What deliveries may be looked for by.
const STATES: [(&str, &str); 4] = [
    ("", "Any state"),
    ("waiting", "Waiting"),
    ("delivered", "Delivered"),
    ("failed", "Failed"),
];

/// What of a webhook changes with each post.
const MOVING: [&str; 2] = ["failing_since", "last_success_at"];

/// A webhook, as the API lists it.
#[derive(Deserialize)]
pub(super) struct Hook {
    id: String,
    pub(super) name: String,
    host: String,
    types: Option<Vec<String>>,
    pub(super) state: String,
    pub(super) failing_since: Option<Timestamp>,
    pub(super) disabled_at: Option<Timestamp>,
    last_success_at: Option<Timestamp>,
}

impl Hook {
    /// Its page.
    pub(super) fn place(&self) -> String {
        format!("/webhooks/{}", self.id)
    }
}

/// The webhooks of an organization.
pub(super) async fn all(visitor: &Visitor, slug: &str) -> Result<Vec<Hook>, Problem> {
    let Json(answer) = webhooks::list(visitor.admin(), Path(slug.to_owned())).await?;
    listed(answer)
}

/// The types of events that a webhook may hear of.
fn types() -> Vec<(&'static str, &'static str)> {
    let words = EventKind::WORDS.iter().copied();
    words
        .filter(|word| is_told(word))
        .map(|word| (word, word))
        .collect()
}

fn is_told(word: &str) -> bool {
    let kind = word.parse::<EventKind>();
    kind.is_ok_and(|kind| kind.visibility() == Visibility::Feed)
}

#[derive(Template)]
#[template(path = "console/webhooks.html")]
struct Webhooks {
    frame: Frame,
    form: Form,
    hooks: Vec<Hook>,
    types: Vec<(&'static str, &'static str)>,
    /// The one that was set up a moment ago, with its secret.
    fresh: Option<WebhookSecret>,
}

/// `GET .../webhooks`.
async fn list(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Answer {
    draw_all(&visitor, &slug, lists::form(query.as_deref()), None).await
}

async fn draw_all(
    visitor: &Visitor,
    slug: &str,
    form: Form,
    fresh: Option<WebhookSecret>,
) -> Answer {
    let notice = match form.value("done") {
        "delete" => Some("Deleted. What it was owed is not posted any more."),
        _ => None,
    };
    let shown = Webhooks {
        frame: Frame::of(visitor, slug, Section::Webhooks).saying(notice),
        hooks: all(visitor, slug).await?,
        types: types(),
        form,
        fresh,
    };
    let status = match shown.fresh {
        Some(_) => StatusCode::CREATED,
        None => shown.form.status(),
    };
    Ok(page_with(status, &shown))
}

/// `POST .../webhooks`: sets one up.
async fn created(Path(slug): Path<String>, Posted { visitor, mut form }: Posted) -> Answer {
    if form.action() != "create" {
        return Err(unknown_action());
    }
    let mut wanted = form.object(&["url", "name", "format"]);
    let types = form.all("types");
    if !types.is_empty() {
        wanted.insert("types".to_owned(), json!(types));
    }
    let request = Extension(visitor.request.clone());
    let wanted = Unread::of(&Value::Object(wanted));
    match webhooks::create(visitor.admin(), request, Path(slug.clone()), wanted).await {
        Ok(fresh) => {
            let fresh = Some(fresh.value);
            draw_all(&visitor, &slug, Form::default(), fresh).await
        }
        Err(problem) => {
            lists::kept(&mut form, problem)?;
            draw_all(&visitor, &slug, form, None).await
        }
    }
}

#[derive(Template)]
#[template(path = "console/webhook.html")]
struct Shown {
    frame: Frame,
    /// What the page has read of it.
    tag: String,
    form: Form,
    /// What it is to be.
    settings: Form,
    it: Webhook,
    deliveries: Vec<WebhookDelivery>,
    next: Option<String>,
    types: Vec<(&'static str, &'static str)>,
    /// Its fresh secret.
    secret: Option<String>,
}

/// `GET .../webhooks/{id}`.
async fn shown(
    visitor: Visitor,
    Path((slug, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Answer {
    let form = lists::form(query.as_deref());
    draw(&visitor, (&slug, &id), form, None).await
}

async fn draw(
    visitor: &Visitor,
    (slug, id): (&str, &str),
    form: Form,
    secret: Option<String>,
) -> Answer {
    let path = || Path((slug.to_owned(), id.to_owned()));
    let Json(it) = webhooks::show(visitor.admin(), path()).await?;
    let asked = Asked::of(&lists::asked(&form, &["state", "after"]))?;
    let Json(page) = deliveries::list(visitor.admin(), path(), asked).await?;
    let notice = said(form.value("done"));
    let next = next(&form, &["state"], page.next);
    let status = match secret {
        Some(_) => StatusCode::CREATED,
        None => form.status(),
    };
    let is_of_settings = form.action() == "change" && form.problem.is_some();
    let (form, settings) = if is_of_settings {
        (Form::default(), form.or_as_it_is(settings(&it)))
    } else {
        (form, settings(&it))
    };
    let shown = Shown {
        frame: Frame::of(visitor, slug, Section::Webhooks).saying(notice),
        tag: reading::tag(&it, &MOVING),
        form,
        settings,
        it,
        deliveries: page.data,
        next,
        types: types(),
        secret,
    };
    Ok(page_with(status, &shown))
}

/// What a webhook is, as its form says it.
fn settings(it: &Webhook) -> Form {
    let types = it.types.iter().flatten();
    let types = types.map(|word| ("types", word.as_str()));
    let pairs: Vec<_> = std::iter::once(("name", it.name.as_str()))
        .chain(types)
        .collect();
    Form::saying(&pairs)
}

fn said(done: &str) -> Option<&'static str> {
    Some(match done {
        "change" => "Changed. What waits to be posted goes where it is to go now.",
        "enable" => "Enabled. What it missed is not posted by itself: have it posted once more.",
        "redeliver" => "These events are posted once more.",
        "test" => "A test event is on its way. What becomes of it is among the deliveries.",
        _ => return None,
    })
}

/// `POST .../webhooks/{id}`: what is done with one.
async fn posted(
    Path((slug, id)): Path<(String, String)>,
    Posted { visitor, mut form }: Posted,
) -> Answer {
    let what = form.action().to_owned();
    let all = format!("/console/organizations/{slug}/webhooks");
    match act(&visitor, (&slug, &id), &form).await {
        None => Err(unknown_action()),
        Some(Ok(Some(secret))) => draw(&visitor, (&slug, &id), Form::default(), Some(secret)).await,
        Some(Ok(None)) if what == "delete" => Ok(done(&all, &what)),
        Some(Ok(None)) => Ok(done(&format!("{all}/{id}"), &what)),
        Some(Err(problem)) => {
            lists::kept(&mut form, problem)?;
            draw(&visitor, (&slug, &id), form, None).await
        }
    }
}

/// The visitor, whose change goes on only while the webhook is what the form's page had read.
async fn holding(
    visitor: &Visitor,
    (slug, id): (&str, &str),
    form: &Form,
) -> Result<Admin, Problem> {
    let path = Path((slug.to_owned(), id.to_owned()));
    let Json(it) = webhooks::show(visitor.admin(), path).await?;
    reading::holding(visitor, form, &it, &MOVING)
}

/// Does what a form asks for, if it is anything: answers the secret that is new.
async fn act(
    visitor: &Visitor,
    (slug, id): (&str, &str),
    form: &Form,
) -> Option<Result<Option<String>, Problem>> {
    let admin = match holding(visitor, (slug, id), form).await {
        Ok(admin) => admin,
        Err(problem) => return Some(Err(problem)),
    };
    let path = Path((slug.to_owned(), id.to_owned()));
    let request = Extension(visitor.request.clone());
    Some(match form.action() {
        "change" => {
            let wanted = Unread::of(&changed(form));
            let went = webhooks::change(admin, request, path, wanted).await;
            went.map(|_| None)
        }
        "delete" => webhooks::delete(admin, request, path).await.map(|_| None),
        "enable" => webhooks::enable(admin, request, path).await.map(|_| None),
        "redeliver" => match numbers(form) {
            Ok(wanted) => {
                let wanted = Unread::of(&wanted);
                let went = deliveries::redeliver(admin, request, path, wanted).await;
                went.map(|_| None)
            }
            Err(problem) => Err(problem),
        },
        "rotate" => {
            let wanted = Unread::of(&json!({"now": form.is_on("now")}));
            let went = webhooks::rotate_secret(admin, request, path, wanted).await;
            went.map(|Json(fresh)| Some(fresh.secret))
        }
        "test" => deliveries::test(admin, request, path).await.map(|_| None),
        _ => return None,
    })
}

/// What a webhook is to be: the URL stays where none is said, and no type means all.
fn changed(form: &Form) -> Value {
    let mut wanted = form.object(&["url", "name"]);
    let types = Some(form.all("types")).filter(|types| !types.is_empty());
    wanted.insert("types".to_owned(), json!(types));
    Value::Object(wanted)
}

fn numbers(form: &Form) -> Result<Value, Problem> {
    let (from, to) = (number(form, "from")?, number(form, "to")?);
    let seq = number(form, "seq")?;
    Ok(json!({"seq": seq, "from": from, "to": to}))
}
