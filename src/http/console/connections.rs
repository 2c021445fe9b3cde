//! Connections: an organization's ties to its identity providers, each with how it fares, and one more set up.

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Json, Router};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::directory::connection::ConnectionState;
use crate::directory::metadata::{Warning, WarningKind};
use crate::http::Gateway;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::connections::write::{self, CreatedConnection};
use crate::http::admin::connections::{self, Connection};
use crate::http::admin::{roles, scim_requests, sign_ins, tokens};
use crate::http::console::filters;
use crate::http::console::frame::page_with;
use crate::http::console::lists::{self, next};
use crate::http::console::{Answer, Form, Frame, Posted, Section, Visitor, unknown_action};
use crate::http::reply::problem::Problem;
use crate::provisioning::request_log::view::RequestCount;
use crate::provisioning::sign_in_log::SignIn;

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new().route(
        "/console/organizations/{slug}/connections",
        get(list).post(posted),
    )
}

/// Whose habits a connection may expect.
pub(super) const PROFILES: [(&str, &str); 4] = [
    ("okta", "Okta"),
    ("entra", "Microsoft Entra ID"),
    ("google", "Google Workspace"),
    ("generic", "Any other"),
];

/// Whether a sign-in may create people.
pub(super) const JITS: [(&str, &str); 4] = [
    (
        "auto",
        "Yes, until its directory writes by SCIM; then they wait for the directory",
    ),
    ("on", "Yes, for good"),
    ("provisional", "Yes, and they wait for the directory"),
    ("off", "No"),
];

/// What the form that sets one up says in one line each.
const SAID: [&str; 7] = [
    "name",
    "profile",
    "idp_metadata",
    "idp_metadata_url",
    "idp_entity_id",
    "jit",
    "default_role",
];

/// A value to copy: its id on the page, what it is called, and what it is.
pub(super) type Copied = (&'static str, &'static str, String);

/// A word on how a connection fares.
pub(super) struct Badge {
    /// How good that is, as the stylesheet calls it.
    pub(super) kind: &'static str,
    /// The word.
    pub(super) text: String,
}

/// A connection in the list.
struct Row {
    it: Connection,
    states: Vec<Badge>,
    /// When its SCIM client last came.
    asked_at: Option<Timestamp>,
    /// The last sign-in by it, good or not.
    sign_in: Option<SignIn>,
}

#[derive(Template)]
#[template(path = "console/connections.html")]
struct Connections {
    frame: Frame,
    form: Form,
    rows: Vec<Row>,
    next: Option<String>,
    /// What its people may hold where nothing else gives a role.
    roles: Vec<(String, String)>,
}

/// `GET .../connections`.
async fn list(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let query = lists::form(query.as_deref());
    draw(&visitor, &slug, &query, Form::default()).await
}

async fn draw(visitor: &Visitor, slug: &str, query: &Form, form: Form) -> Answer {
    let of = || Path(slug.to_owned());
    // Each is looked at more closely.
    let asked = format!("limit=20&{}", lists::asked(query, &["after"]));
    let Json(page) = connections::list(visitor.admin(), of(), Asked::of(&asked)?).await?;
    let counted = scim_requests::counts(visitor.admin(), of(), Asked::of("")?).await?;
    let mut rows = Vec::with_capacity(page.data.len());
    for it in page.data {
        rows.push(row(visitor, slug, it, &counted.data).await?);
    }
    let usual = (String::new(), "What the organization gives".to_owned());
    let roles = given(visitor, slug).await?;
    let shown = Connections {
        frame: Frame::of(visitor, slug, Section::Connections).saying(said(query.value("done"))),
        form,
        rows,
        next: next(query, &[], page.next),
        roles: std::iter::once(usual).chain(roles).collect(),
    };
    Ok(page_with(shown.form.status(), &shown))
}

async fn row(
    visitor: &Visitor,
    slug: &str,
    it: Connection,
    counts: &[RequestCount],
) -> Result<Row, Problem> {
    let path = Path((slug.to_owned(), it.id.to_string()));
    let Json(tokens) = tokens::list(visitor.admin(), path, Asked::of("limit=200")?).await?;
    let last = Asked::of(&format!("connection={}&limit=1", it.id))?;
    let Json(sign_ins) = sign_ins::list(visitor.admin(), Path(slug.to_owned()), last).await?;
    Ok(Row {
        states: states(&it, counts, visitor.gateway.ids.clock().now()),
        asked_at: tokens.data.iter().filter_map(|it| it.last_used_at).max(),
        sign_in: sign_ins.data.into_iter().next(),
        it,
    })
}

fn said(done: &str) -> Option<&'static str> {
    (done == "remove").then_some("The connection is removed, as it was shown.")
}

/// How a connection fares: whether it works, and what ends or has ended. `counts` are the latest hours first.
pub(super) fn states(it: &Connection, counts: &[RequestCount], now: Timestamp) -> Vec<Badge> {
    let (kind, text) = if it.state == ConnectionState::Paused {
        ("quiet", "Paused")
    } else if it.testing {
        ("wait", "Not tested")
    } else if is_failing(it, counts) {
        ("bad", "Failing")
    } else {
        ("good", "Active")
    };
    let text = text.to_owned();
    let ends = it.warnings.iter().map(|warning| ending(warning, now));
    std::iter::once(Badge { kind, text }).chain(ends).collect()
}

/// Whether nothing that its directory asked was done in the last hour in which it asked anything.
fn is_failing(it: &Connection, counts: &[RequestCount]) -> bool {
    let last = counts.iter().find(|count| count.connection_id == it.id);
    last.is_some_and(|count| count.reads + count.writes == 0)
}

fn ending(warning: &Warning, now: Timestamp) -> Badge {
    let (kind, what) = match warning.kind {
        WarningKind::CertificateExpired => ("bad", "Certificate expired"),
        WarningKind::CertificateExpires => ("wait", "Certificate expires"),
        WarningKind::MetadataExpired => ("bad", "Metadata expired"),
        WarningKind::TokenExpired => ("bad", "SCIM token expired"),
        WarningKind::TokenExpires => ("wait", "SCIM token expires"),
    };
    let days = warning.at.duration_since(now).as_hours() / 24;
    let text = match (kind, days) {
        ("bad", _) => what.to_owned(),
        (_, 0) => format!("{what} within a day"),
        (_, days) => format!("{what} in {days} d"),
    };
    Badge { kind, text }
}

/// What the identity provider's forms ask for, by all the names that vendors have for it.
pub(super) fn values(it: &Connection) -> Vec<Copied> {
    let mut values = vec![
        (
            "acs_url",
            "ACS URL / Single sign-on URL / Reply URL",
            it.acs_url.clone(),
        ),
        (
            "sp_entity_id",
            "Entity ID / Audience URI / Identifier",
            it.sp_entity_id.clone(),
        ),
        (
            "sp_metadata_url",
            "Service provider metadata URL",
            it.sp_metadata_url.clone(),
        ),
        (
            "login_url",
            "Login URL / Sign-on URL / Start URL",
            it.login_url.clone(),
        ),
        (
            "scim_base_url",
            "SCIM base URL / SCIM connector base URL / Tenant URL",
            it.scim_base_url.clone(),
        ),
    ];
    if it.single_logout {
        let label = "Single logout URL / Logout URL";
        values.push(("slo_url", label, it.slo_url.clone()));
    }
    values
}

/// Roles that a connection can give, the highest first: slugs and names.
pub(super) async fn given(visitor: &Visitor, slug: &str) -> Result<Vec<(String, String)>, Problem> {
    let all = Asked::of("limit=200")?;
    let Json(roles) = roles::list(visitor.admin(), Path(slug.to_owned()), all).await?;
    let mut roles = roles.data;
    roles.sort_by_key(|role| -role.rank);
    let named = roles.into_iter().filter(|role| role.slug != "owner");
    Ok(named.map(|role| (role.slug, role.name)).collect())
}

/// The connections of an organization: ids and names.
pub(super) async fn named(visitor: &Visitor, slug: &str) -> Result<Vec<(String, String)>, Problem> {
    let all = Asked::of("limit=200")?;
    let Json(page) = connections::list(visitor.admin(), Path(slug.to_owned()), all).await?;
    let named = page.data.into_iter().map(|it| (it.id.to_string(), it.name));
    Ok(named.collect())
}

/// Words that are apart by blanks, line ends or commas.
pub(super) fn several(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| c.is_whitespace() || c == ',');
    words.filter(|word| !word.is_empty()).collect()
}

#[derive(Template)]
#[template(path = "console/connection_created.html")]
struct Created {
    frame: Frame,
    it: Connection,
    values: Vec<Copied>,
}

/// `POST .../connections`: sets one up.
async fn posted(Path(slug): Path<String>, Posted { visitor, mut form }: Posted) -> Answer {
    if form.action() != "create" {
        return Err(unknown_action());
    }
    let mut wanted = form.object(&SAID);
    let domains = several(form.value("trusted_domains"));
    if !domains.is_empty() {
        wanted.insert("trusted_domains".to_owned(), json!(domains));
    }
    let request = Extension(visitor.request.clone());
    let body = Unread::of(&Value::Object(wanted));
    match write::create(visitor.admin(), request, Path(slug.clone()), body).await {
        Ok(created) => Ok(shown_once(&visitor, &slug, created.value)),
        Err(problem) => {
            lists::kept(&mut form, problem)?;
            draw(&visitor, &slug, &Form::default(), form).await
        }
    }
}

/// The page of a fresh connection: nothing leads to it again.
fn shown_once(visitor: &Visitor, slug: &str, created: CreatedConnection) -> Response {
    let mut values = values(&created.connection);
    let label = "SCIM token / Secret token / API token";
    values.push(("scim_token", label, created.scim_token));
    let shown = Created {
        frame: Frame::of(visitor, slug, Section::Connections),
        it: created.connection,
        values,
    };
    page_with(StatusCode::CREATED, &shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_says_in_how_many_days() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        for (kind, at, expected) in [
            (
                WarningKind::CertificateExpires,
                "2026-11-29T10:00:00Z",
                "Certificate expires in 7 d",
            ),
            (
                WarningKind::TokenExpires,
                "2026-11-23T09:00:00Z",
                "SCIM token expires within a day",
            ),
            (
                WarningKind::CertificateExpired,
                "2026-11-01T10:00:00Z",
                "Certificate expired",
            ),
        ] {
            let warning = Warning {
                kind,
                fingerprint: None,
                token_id: None,
                at: at.parse().unwrap(),
                days: None,
            };
            assert_eq!(ending(&warning, now).text, expected);
        }
    }

    #[test]
    fn words_are_apart_by_blanks_and_commas() {
        assert_eq!(
            several(" a.example,\nb.example  "),
            ["a.example", "b.example"]
        );
        assert!(several(" ,\n").is_empty());
    }
}
