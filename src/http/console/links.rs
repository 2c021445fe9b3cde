//! Links: resources of directories that are nobody's, with whom each is proposed for, and links that people proved to
//! be theirs. Whose they are is for somebody to say.

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::json;

use crate::directory::link::{LinkState, Privilege};
use crate::http::Gateway;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::{link_confirmations, links};
use crate::http::console::frame::page_with;
use crate::http::console::plans;
use crate::http::console::{
    Answer, Form, Frame, Posted, Section, Visitor, done, filters, lists, unknown_action,
};
use crate::http::reply::problem::Problem;
use crate::provisioning::links::Link;
use crate::provisioning::links::proof::Proved;

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new().route(
        "/console/organizations/{slug}/links",
        get(shown).post(posted),
    )
}

/// What resources may be looked for by.
const STATES: [(&str, &str); 4] = [
    ("", "Any state"),
    ("proposed", "Proposed for somebody"),
    ("rejected", "Rejected"),
    ("unlinked", "Nobody's"),
];

#[derive(Template)]
#[template(path = "console/links.html")]
struct Listed {
    frame: Frame,
    form: Form,
    links: Vec<Link>,
    next: Option<String>,
    /// The one that is looked at.
    one: Option<One>,
    /// Links that people proved, each with its connection.
    proved: Vec<(Proved, String)>,
}

/// A resource that is looked at.
struct One {
    it: Link,
    /// Why a directory's word alone does not make it somebody's.
    because: Vec<&'static str>,
    is_proposed: bool,
    is_open: bool,
    /// Whether a yes takes the operator.
    is_owners: bool,
}

/// `GET .../links`.
async fn shown(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Answer {
    draw(&visitor, &slug, lists::form(query.as_deref())).await
}

async fn draw(visitor: &Visitor, slug: &str, form: Form) -> Answer {
    let one = match form.text("id") {
        Some(id) => {
            let path = Path((slug.to_owned(), id.to_owned()));
            let Json(link) = links::show(visitor.admin(), path).await?;
            Some(looked_at(link))
        }
        None => None,
    };
    let of = || Path(slug.to_owned());
    let asked = Asked::of(&lists::asked(&form, &["state", "after"]))?;
    let Json(links) = links::list(visitor.admin(), of(), asked).await?;
    let all = Asked::of("limit=200")?;
    let Json(proved) = link_confirmations::list(visitor.admin(), of(), all).await?;
    let names = plans::names(visitor, slug).await?;
    let named = |it: Proved| {
        let name = it.connection_id.and_then(|id| names.get(&id)).cloned();
        (it, name.unwrap_or_default())
    };
    let shown = Listed {
        frame: Frame::of(visitor, slug, Section::People).saying(said(form.value("done"))),
        next: lists::next(&form, &["state"], links.next),
        links: links.data,
        one,
        proved: proved.data.into_iter().map(named).collect(),
        form,
    };
    Ok(page_with(shown.form.status(), &shown))
}

fn looked_at(it: Link) -> One {
    One {
        because: it.because.iter().map(|privilege| why(*privilege)).collect(),
        is_proposed: it.state == LinkState::Proposed,
        is_open: it.state != LinkState::Linked,
        is_owners: it.because.contains(&Privilege::Owner),
        it,
    }
}

fn why(privilege: Privilege) -> &'static str {
    match privilege {
        Privilege::AdminByHand => "They hold an admin's role that no directory gave.",
        Privilege::DirectoryOverridden => {
            "A directory turned them away, and the owner let them in all the same."
        }
        Privilege::Override => "They hold a role against the directory's word, for a while.",
        Privilege::Owner => "They own the organization.",
    }
}

fn said(done: &str) -> Option<&'static str> {
    Some(match done {
        "approve" => "Approved: the directory adopted the person.",
        "reject" => {
            "Rejected: the resource is nobody's, and is not proposed for that person again."
        }
        "move" => "The resource is that person's now.",
        "confirm" => "Confirmed: the person signs in by the link with their own role.",
        "refuse" => "Refused: the link reaches as high as its connection does.",
        _ => return None,
    })
}

/// `POST .../links`: whose a resource is, and whether a link counts in full.
async fn posted(Path(slug): Path<String>, Posted { visitor, mut form }: Posted) -> Answer {
    let (admin, request) = (visitor.admin(), Extension(visitor.request.clone()));
    let path = |name: &str| Path((slug.clone(), form.value(name).to_owned()));
    let what = form.action().to_owned();
    let reasons = || json!({"reason": form.value("reason"), "version": form.text("version")});
    let went: Result<(), Problem> = match &*what {
        "approve" => {
            let said = Unread::of(&reasons());
            links::approve(admin, request, path("id"), said)
                .await
                .map(drop)
        }
        "reject" => {
            let said = Unread::of(&reasons());
            links::reject(admin, request, path("id"), said)
                .await
                .map(drop)
        }
        "move" => {
            let wanted = Unread::of(&json!({
                "user_id": form.value("user_id").trim(),
                "reason": form.value("reason"),
                "version": form.text("version"),
            }));
            links::relocate(admin, request, path("id"), wanted)
                .await
                .map(drop)
        }
        "confirm" => {
            let confirmed = link_confirmations::approve(admin, request, path("confirmation"));
            confirmed.await.map(drop)
        }
        "refuse" => {
            let refused = link_confirmations::refuse(admin, request, path("confirmation"));
            refused.await.map(drop)
        }
        _ => return Err(unknown_action()),
    };
    if let Err(problem) = went {
        lists::kept(&mut form, problem)?;
        return draw(&visitor, &slug, form).await;
    }
    Ok(done(&format!("/console/organizations/{slug}/links"), &what))
}
