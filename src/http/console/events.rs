//! Activity: what happened in an organization, the latest first; and its audit log, with what vouches for each line.

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::Value;

use crate::directory::event::EventKind;
use crate::http::Gateway;
use crate::http::admin::asked::Asked;
use crate::http::admin::audit::{self, AuditStretch};
use crate::http::admin::events;
use crate::http::admin::paging::Listing;
use crate::http::console::filters;
use crate::http::console::frame::{page, page_with};
use crate::http::console::lists::{self, next};
use crate::http::console::{Answer, Form, Frame, Section, Visitor};
use crate::http::reply::problem::{Problem, Type};
use crate::provisioning::audit::view::AuditLine;
use crate::provisioning::feed::Event;

/// Lines of the audit log on a page.
const LINES: u8 = 50;

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/console/organizations/{slug}/events", get(list))
        .route("/console/organizations/{slug}/audit", get(log))
}

/// An event, and the person whom it is about.
pub(super) struct Told {
    pub(super) seq: i64,
    pub(super) kind: &'static str,
    pub(super) time: Timestamp,
    pub(super) actor: Option<String>,
    pub(super) cause: String,
    pub(super) data: Value,
    /// Whether there is anything to tell.
    pub(super) says: bool,
    /// The person's id.
    pub(super) person: Option<String>,
    /// What they are called.
    pub(super) name: String,
}

impl From<Event> for Told {
    fn from(event: Event) -> Self {
        let text = |name: &str| Some(event.data.get(name)?.as_str()?.to_owned());
        let person = text("user_id");
        let name = text("display_name").or_else(|| text("email"));
        Self {
            name: name.or_else(|| person.clone()).unwrap_or_default(),
            person,
            says: event.data.as_object().is_some_and(|it| !it.is_empty()),
            seq: event.seq,
            kind: event.kind.as_str(),
            time: event.time,
            actor: event.actor,
            cause: event.cause,
            data: event.data,
        }
    }
}

/// The latest events of an organization.
pub(super) async fn latest(
    visitor: &Visitor,
    slug: &str,
    limit: u64,
) -> Result<Vec<Told>, Problem> {
    let listing = Listing {
        limit: Some(limit),
        after: None,
    };
    let page = events::latest(visitor.admin(), slug, None, &listing).await?;
    Ok(page.data.into_iter().map(Told::from).collect())
}

#[derive(Template)]
#[template(path = "console/events.html")]
struct Listed {
    frame: Frame,
    form: Form,
    /// What may be looked for.
    types: Vec<(&'static str, &'static str)>,
    events: Vec<Told>,
    next: Option<String>,
}

/// `GET .../events`.
async fn list(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let mut form = lists::form(query.as_deref());
    let kind = form.text("type").and_then(|word| word.parse().ok());
    let listing = Listing {
        limit: None,
        after: form.text("after").map(str::to_owned),
    };
    let found = events::latest(visitor.admin(), &slug, kind, &listing).await;
    let (data, after) = match found {
        Ok(page) => (page.data, page.next),
        Err(problem) if problem.kind() == Type::InvalidParameter => {
            form.refused(&problem);
            (Vec::new(), None)
        }
        Err(problem) => return Err(problem.into()),
    };
    let words = EventKind::WORDS.iter().map(|word| (*word, *word));
    let shown = Listed {
        frame: Frame::of(&visitor, &slug, Section::Events),
        types: std::iter::once(("", "Any type")).chain(words).collect(),
        events: data.into_iter().map(Told::from).collect(),
        next: next(&form, &["type"], after),
        form,
    };
    Ok(page_with(shown.form.status(), &shown))
}

#[derive(Template)]
#[template(path = "console/audit.html")]
struct Log {
    frame: Frame,
    lines: Vec<AuditLine>,
    older: Option<i64>,
    newer: Option<i64>,
}

/// `GET .../audit`: the latest lines, unless others are asked for.
async fn log(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let form = lists::form(query.as_deref());
    let latest = latest(&visitor, &slug, 1).await?;
    let last = latest.first().map_or(0, |event| event.seq);
    let lines = i64::from(LINES);
    let asked = form.text("after").and_then(|text| text.parse().ok());
    let after = asked.unwrap_or(last - lines).clamp(0, last.max(0));
    let stretch = Asked(AuditStretch {
        after: Some(after),
        limit: Some(u64::from(LINES)),
    });
    let Json(found) = audit::read(visitor.admin(), Path(slug.clone()), stretch).await?;
    let mut all = found.data;
    // Where lines are kept no longer, the first one is not the one after.
    let goes_on = all.first().is_some_and(|line| line.seq == after + 1);
    let older = (after > 0 && goes_on).then_some((after - lines).max(0));
    let newer = (found.next < last).then_some(found.next);
    all.reverse();
    Ok(page(&Log {
        frame: Frame::of(&visitor, &slug, Section::Events),
        lines: all,
        older,
        newer,
    }))
}
