//! Set-up links: by one a customer's IT admin, who has no account, brings SAML and SCIM to work. A link's address is
//! shown once, in the answer that makes it.

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::{Value, json};

use crate::directory::setup::{LinkState, Purpose};
use crate::http::Gateway;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::connections;
use crate::http::admin::setup_links;
use crate::http::console::filters;
use crate::http::console::frame::page_with;
use crate::http::console::lists::{self, next};
use crate::http::console::values::number;
use crate::http::console::{Answer, Form, Frame, Posted, Section, Visitor, done, unknown_action};
use crate::http::reply::problem::Problem;
use crate::provisioning::setup::{IssuedSetupLink, SetupLink};

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new().route(
        "/console/organizations/{slug}/setup-links",
        get(list).post(posted),
    )
}

/// What a link may cover.
const PURPOSES: [(&str, &str); 3] = [
    ("everything", "All of it: signing in and the directory"),
    ("sign_in", "Signing in: domains and SAML"),
    ("directory", "The directory: SCIM and groups"),
];

/// A link in the list.
struct Row {
    it: SetupLink,
    /// What it covers, in a few words.
    covers: &'static str,
    /// The name of the connection that it sets up.
    connection: Option<String>,
}

#[derive(Template)]
#[template(path = "console/setup_links.html")]
struct Listed {
    frame: Frame,
    form: Form,
    rows: Vec<Row>,
    next: Option<String>,
    /// What a link can be about: none, or a connection that is in testing.
    connections: Vec<(String, String)>,
    /// The one that was made a moment ago.
    issued: Option<IssuedSetupLink>,
}

/// `GET .../setup-links`.
async fn list(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Answer {
    draw(&visitor, &slug, lists::form(query.as_deref()), None).await
}

async fn draw(
    visitor: &Visitor,
    slug: &str,
    form: Form,
    issued: Option<IssuedSetupLink>,
) -> Answer {
    let of = || Path(slug.to_owned());
    let asked = Asked::of(&lists::asked(&form, &["after"]))?;
    let Json(page) = setup_links::list(visitor.admin(), of(), asked).await?;
    let all = Asked::of("limit=200")?;
    let Json(known) = connections::list(visitor.admin(), of(), all).await?;
    let row = |it: SetupLink| {
        let theirs = known
            .data
            .iter()
            .find(|known| Some(known.id) == it.connection_id);
        Row {
            connection: theirs.map(|known| known.name.clone()),
            covers: covers(it.purpose),
            it,
        }
    };
    let rows = page.data.into_iter().map(row).collect();
    let tested = known.data.iter().filter(|it| it.testing);
    let tested = tested.map(|it| (it.id.to_string(), it.name.clone()));
    let none = (String::new(), "One that they name there".to_owned());
    let notice = match form.value("done") {
        "revoke" => Some("The link is taken back."),
        _ => None,
    };
    let shown = Listed {
        frame: Frame::of(visitor, slug, Section::Connections).saying(notice),
        next: next(&form, &[], page.next),
        connections: std::iter::once(none).chain(tested).collect(),
        rows,
        issued,
        form,
    };
    let status = match shown.issued {
        Some(_) => StatusCode::CREATED,
        None => shown.form.status(),
    };
    Ok(page_with(status, &shown))
}

/// `POST .../setup-links`: makes one, or takes one back.
async fn posted(Path(slug): Path<String>, Posted { visitor, mut form }: Posted) -> Answer {
    let went = match form.action() {
        "issue" => issue(&visitor, &slug, &form).await.map(Some),
        "revoke" => revoke(&visitor, &slug, &form).await.map(|()| None),
        _ => return Err(unknown_action()),
    };
    match went {
        Ok(Some(issued)) => draw(&visitor, &slug, Form::default(), Some(issued)).await,
        Ok(None) => Ok(done(
            &format!("/console/organizations/{slug}/setup-links"),
            "revoke",
        )),
        Err(problem) => {
            lists::kept(&mut form, problem)?;
            draw(&visitor, &slug, form, None).await
        }
    }
}

async fn issue(visitor: &Visitor, slug: &str, form: &Form) -> Result<IssuedSetupLink, Problem> {
    let mut wanted = form.object(&["purpose", "connection_id", "contact_email"]);
    let hours = number(form, "expires_in_hours")?;
    wanted.insert("expires_in_hours".to_owned(), json!(hours));
    let wanted = Unread::of(&Value::Object(wanted));
    let (admin, request) = (visitor.admin(), Extension(visitor.request.clone()));
    let issued = setup_links::create(admin, request, Path(slug.to_owned()), wanted).await?;
    Ok(issued.value)
}

async fn revoke(visitor: &Visitor, slug: &str, form: &Form) -> Result<(), Problem> {
    let path = Path((slug.to_owned(), form.value("id").to_owned()));
    let request = Extension(visitor.request.clone());
    setup_links::revoke(visitor.admin(), request, path)
        .await
        .map(drop)
}

/// What a link covers, in a few words.
fn covers(purpose: Purpose) -> &'static str {
    let named = PURPOSES.iter().find(|(word, _)| *word == purpose.as_str());
    named.map_or("", |(_, text)| text)
}
