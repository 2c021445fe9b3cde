//! What SCIM clients asked: the log, and the page of one request with what it brought about.

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::routing::get;
use axum::{Json, Router};
use url::form_urlencoded::Serializer;

use crate::http::Gateway;
use crate::http::admin::asked::Asked;
use crate::http::admin::scim_requests;
use crate::http::console::connections::named;
use crate::http::console::filters;
use crate::http::console::frame::{page, page_with};
use crate::http::console::lists::{self, next};
use crate::http::console::{Answer, Form, Frame, Section, Visitor};
use crate::provisioning::request_log::view::{ScimRequest, ScimRequestDetail};

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/console/organizations/{slug}/scim-requests", get(list))
        .route(
            "/console/organizations/{slug}/scim-requests/{id}",
            get(shown),
        )
}

/// How much of what a request brought about is shown one by one.
const SHOWN: usize = 100;

const METHODS: [(&str, &str); 6] = [
    ("", "Any method"),
    ("GET", "GET"),
    ("POST", "POST"),
    ("PUT", "PUT"),
    ("PATCH", "PATCH"),
    ("DELETE", "DELETE"),
];

/// What requests may be looked for by.
const FILTERS: [&str; 4] = ["connection", "status", "method", "since"];

#[derive(Template)]
#[template(path = "console/scim_requests.html")]
struct Requests {
    frame: Frame,
    form: Form,
    connections: Vec<(String, String)>,
    /// Each with the name of its connection.
    rows: Vec<(ScimRequest, String)>,
    next: Option<String>,
    is_filtered: bool,
}

/// `GET .../scim-requests`.
async fn list(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let mut form = lists::form(query.as_deref());
    let search = Asked::of(&asked(&form))?;
    let found = scim_requests::list(visitor.admin(), Path(slug.clone()), search).await;
    let (requests, after) = lists::found(&mut form, found)?;
    let mut connections = named(&visitor, &slug).await?;
    let rows = requests.into_iter().map(|request| {
        let name = called(&connections, &request.connection_id.to_string());
        (request, name)
    });
    let rows = rows.collect();
    connections.insert(0, (String::new(), "Every connection".to_owned()));
    let shown = Requests {
        frame: Frame::of(&visitor, &slug, Section::Connections),
        connections,
        rows,
        next: next(&form, &FILTERS, after),
        is_filtered: FILTERS.iter().any(|name| form.text(name).is_some()),
        form,
    };
    Ok(page_with(shown.form.status(), &shown))
}

/// What is asked for: a time without a zone is one in UTC, as the field for it says.
fn asked(form: &Form) -> String {
    let asked = lists::asked(form, &["connection", "status", "method", "after"]);
    let Some(since) = form.text("since") else {
        return asked;
    };
    let since = match since.len() {
        16 => format!("{since}:00Z"),
        19 => format!("{since}Z"),
        _ => since.to_owned(),
    };
    let mut query = Serializer::new(asked);
    query.append_pair("since", &since);
    query.finish()
}

/// The name of a connection; its id where it is gone.
pub(super) fn called(connections: &[(String, String)], id: &str) -> String {
    let known = connections.iter().find(|(known, _)| known == id);
    known.map_or_else(|| id.to_owned(), |(_, name)| name.clone())
}

#[derive(Template)]
#[template(path = "console/scim_request.html")]
struct Request {
    frame: Frame,
    it: ScimRequestDetail,
    /// The name of its connection.
    connection: String,
    /// Stretches of events: the number that they come before, and what they are called.
    events: Vec<(i64, String)>,
    users: Vec<String>,
    /// People beyond those.
    other_users: usize,
    resources: Vec<String>,
    /// Resources beyond those.
    other_resources: usize,
}

/// `GET .../scim-requests/{id}`.
async fn shown(visitor: Visitor, Path((slug, id)): Path<(String, String)>) -> Answer {
    let path = Path((slug.clone(), id));
    let Json(it) = scim_requests::show(visitor.admin(), path).await?;
    let connections = named(&visitor, &slug).await?;
    let effects = &it.request.effects;
    let events = effects.events.iter().take(SHOWN);
    let users = effects.users.iter().take(SHOWN);
    let resources = effects.resources.iter().take(SHOWN);
    let shown = Request {
        frame: Frame::of(&visitor, &slug, Section::Connections),
        connection: called(&connections, &it.request.connection_id.to_string()),
        events: events.map(stretch).collect(),
        users: users.cloned().collect(),
        other_users: effects.users.len().saturating_sub(SHOWN),
        resources: resources.cloned().collect(),
        other_resources: effects.resources.len().saturating_sub(SHOWN),
        it,
    };
    Ok(page(&shown))
}

fn stretch((first, last): &(i64, i64)) -> (i64, String) {
    let name = if first == last {
        format!("event {first}")
    } else {
        format!("events {first} to {last}")
    };
    // The page of what happened shows those before a number, the latest first.
    (last + 1, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_a_zone_is_in_utc() {
        for (since, expected) in [
            ("2026-01-31T12:00", "since=2026-01-31T12%3A00%3A00Z"),
            ("2026-01-31T12:00:05", "since=2026-01-31T12%3A00%3A05Z"),
            ("2026-01-31T12:00:05Z", "since=2026-01-31T12%3A00%3A05Z"),
            ("", ""),
        ] {
            assert_eq!(asked(&Form::saying(&[("since", since)])), expected);
        }
        let form = Form::saying(&[("status", "409"), ("since", "2026-01-31T12:00")]);
        let expected = "status=409&since=2026-01-31T12%3A00%3A00Z";
        assert_eq!(asked(&form), expected);
    }

    #[test]
    fn a_stretch_of_events_is_what_came_before_the_next_one() {
        assert_eq!(stretch(&(7, 7)), (8, "event 7".to_owned()));
        assert_eq!(stretch(&(7, 9)), (10, "events 7 to 9".to_owned()));
    }
}
