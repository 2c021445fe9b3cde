//! One invitation: everything that is known of it, and what may be done with it as it stands.

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::json;

use crate::directory::invitation::Standing;
use crate::http::admin::asked::Unread;
use crate::http::admin::invitations::address::{self, Offered};
use crate::http::admin::invitations::{actions, shared};
use crate::http::admin::{imports, invitations, policy, share_hook};
use crate::http::auth::admin::Admin;
use crate::http::console::filters;
use crate::http::console::frame::page_with;
use crate::http::console::invitations::{kept, left, named, roles};
use crate::http::console::lists;
use crate::http::console::reading;
use crate::http::console::{Answer, Form, Frame, Posted, Section, Visitor, done, unknown_action};
use crate::http::reply::problem::Problem;
use crate::http::{Gateway, RequestId};
use crate::provisioning::invitations::share::Passed;
use crate::provisioning::invitations::view::Invitation;

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new().route(
        "/console/organizations/{slug}/invitations/{id}",
        get(shown).post(posted),
    )
}

/// By how much an invitation may be extended.
const EXTENSIONS: [(&str, &str); 3] = [("7", "7 days"), ("14", "14 days"), ("30", "30 days")];

/// What of an invitation changes as its mail makes its way.
const MOVING: [&str; 3] = ["delivery", "last_sent_at", "send_count"];

#[derive(Template)]
#[template(path = "console/invitation.html")]
struct Page {
    frame: Frame,
    /// What the page has read of it.
    tag: String,
    form: Form,
    /// The role and the projects, as they are or as somebody wants them.
    set: Form,
    it: Invitation,
    /// How long is left, in words.
    left: String,
    roles: Vec<(String, String)>,
    projects: Vec<(String, String)>,
    /// Whether it can still bring somebody in, perhaps after some help.
    is_open: bool,
    /// Whether it can be mailed.
    is_sendable: bool,
    /// Whether it can be accepted as it is.
    is_pending: bool,
    /// The host of the webhook that a link may be posted to.
    hook: Option<String>,
    /// Whether a link may lead to another public URL.
    has_alternate: bool,
    /// A link to pass on, which is shown this once.
    passed: Option<Passed>,
    /// What a member could be given.
    offer: Option<Offered>,
}

/// What an answer shows this once.
#[derive(Default)]
struct Once {
    passed: Option<Passed>,
    offer: Option<Offered>,
}

/// `GET .../invitations/{id}`.
async fn shown(
    visitor: Visitor,
    Path((slug, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Answer {
    let form = lists::form(query.as_deref());
    draw(&visitor, (&slug, &id), form, Once::default()).await
}

async fn draw(visitor: &Visitor, (slug, id): (&str, &str), form: Form, once: Once) -> Answer {
    let of = || Path(slug.to_owned());
    let Json(it) = invitations::show(visitor.admin(), path((slug, id))).await?;
    let Json(may) = imports::template(visitor.admin(), of()).await?;
    let Json(hook) = share_hook::show(visitor.admin(), of()).await?;
    let Json(policy) = policy::show(visitor.admin(), of()).await?;
    let is_pending = it.state == Standing::Pending;
    let is_sendable = is_pending || it.state == Standing::Expired;
    let (mut roles, mut projects) = (roles(may.roles), named(may.projects));
    // What it says now can be chosen, so that nothing of it changes unless somebody changes it.
    with_slug(&mut roles, &it.role);
    for slug in &it.projects {
        with_slug(&mut projects, slug);
    }
    let status = match once.passed {
        Some(_) => StatusCode::CREATED,
        None => form.status(),
    };
    let page = Page {
        frame: Frame::of(visitor, slug, Section::Invitations).saying(said(form.value("done"))),
        tag: reading::tag(&it, &MOVING),
        set: wanted(&form, &it),
        left: left(&it, visitor.gateway.ids.clock().now()),
        roles,
        projects,
        is_open: is_sendable || it.state == Standing::NeedsAttention,
        is_sendable,
        is_pending,
        hook: hook.host,
        has_alternate: policy.alternate_public_url.is_some(),
        passed: once.passed,
        offer: once.offer,
        it,
        form,
    };
    Ok(page_with(status, &page))
}

fn with_slug(choices: &mut Vec<(String, String)>, slug: &str) {
    if !choices.iter().any(|(known, _)| known == slug) {
        let name = format!("{slug} (not to be given any more)");
        choices.push((slug.to_owned(), name));
    }
}

/// What the form of the role says: what was sent by it, or else what holds.
fn wanted(form: &Form, it: &Invitation) -> Form {
    let is_sent = form.action() == "set";
    let role = if is_sent {
        form.value("role")
    } else {
        it.role.as_str()
    };
    let projects: Vec<&str> = if is_sent {
        form.all("projects")
    } else {
        it.projects.iter().map(String::as_str).collect()
    };
    let mut pairs = vec![("role", role)];
    pairs.extend(projects.into_iter().map(|slug| ("projects", slug)));
    let mut wanted = Form::saying(&pairs);
    wanted.faults.clone_from(&form.faults);
    wanted
}

fn said(done: &str) -> Option<&'static str> {
    Some(match done {
        "resend" => "It is sent once more: the same link, until the same time.",
        "rotated" => "It is sent with a new link. Older links are dead.",
        "revived" => "It had expired. It is sent once more, and good for seven more days.",
        "ends_soon" => {
            "It is sent once more, and expires within a day: extend it if they need longer."
        }
        "set" => "What they are invited to was changed. The link stays the same, and shows it.",
        "extend" => "It was extended.",
        "revoke" => "It was taken back: its link is dead.",
        "approve" => "It goes to the other address, by a new link. Older links are dead.",
        "managed" => {
            "It goes to the other address, by a new link. A directory manages that address's domain: the person may \
             come from there by themselves."
        }
        "reject" => "It stays at the address that it was for.",
        _ => return None,
    })
}

/// What became of what a form asked for.
enum Went {
    /// It was done: the page says so.
    Done(&'static str),
    /// Its answer is shown this once.
    Once(Once),
}

/// `POST .../invitations/{id}`.
async fn posted(
    Path((slug, id)): Path<(String, String)>,
    Posted { visitor, mut form }: Posted,
) -> Answer {
    let place = (&*slug, &*id);
    let went = match form.action() {
        "resend" => resend(&visitor, place, &form).await,
        "set" => set(&visitor, place, &form).await,
        "extend" => extend(&visitor, place, &form).await,
        "revoke" => revoke(&visitor, place, &form).await,
        "approve" => decide(&visitor, place, &form, "approve").await,
        "reject" => decide(&visitor, place, &form, "reject").await,
        "share" => share(&visitor, place, &form).await,
        _ => return Err(unknown_action()),
    };
    match went {
        Ok(Went::Done(what)) => Ok(back(place, what)),
        Ok(Went::Once(once)) => draw(&visitor, place, Form::default(), once).await,
        Err(problem) => {
            kept(&mut form, problem)?;
            let form = form.or_as_it_is(Form::default());
            draw(&visitor, place, form, Once::default()).await
        }
    }
}

fn back((slug, id): (&str, &str), what: &str) -> Response {
    done(
        &format!("/console/organizations/{slug}/invitations/{id}"),
        what,
    )
}

fn path((slug, id): (&str, &str)) -> Path<(String, String)> {
    Path((slug.to_owned(), id.to_owned()))
}

/// Who asks, whose change goes on only while the invitation is what the form's page had read; and by which request.
async fn asking(
    visitor: &Visitor,
    place: (&str, &str),
    form: &Form,
) -> Result<(Admin, Extension<RequestId>), Problem> {
    let Json(it) = invitations::show(visitor.admin(), path(place)).await?;
    let admin = reading::holding(visitor, form, &it, &MOVING)?;
    Ok((admin, Extension(visitor.request.clone())))
}

async fn resend(visitor: &Visitor, place: (&str, &str), form: &Form) -> Result<Went, Problem> {
    let (admin, request) = asking(visitor, place, form).await?;
    let rotate = form.is_on("rotate");
    let wanted = Unread::of(&json!({"rotate": rotate}));
    let Json(sent) = actions::resend(admin, request, path(place), wanted).await?;
    Ok(Went::Done(if sent.extended == Some(true) {
        "revived"
    } else if sent.warnings.contains(&"expires_soon") {
        "ends_soon"
    } else if rotate {
        "rotated"
    } else {
        "resend"
    }))
}

async fn set(visitor: &Visitor, place: (&str, &str), form: &Form) -> Result<Went, Problem> {
    let (admin, request) = asking(visitor, place, form).await?;
    let wanted = json!({"role": form.value("role"), "projects": form.all("projects")});
    let _ = actions::change(admin, request, path(place), Unread::of(&wanted)).await?;
    Ok(Went::Done("set"))
}

async fn extend(visitor: &Visitor, place: (&str, &str), form: &Form) -> Result<Went, Problem> {
    let (admin, request) = asking(visitor, place, form).await?;
    // What is no number is no length, either.
    let days: i64 = form.value("days").parse().unwrap_or_default();
    let wanted = json!({"days": days, "notify": form.is_on("notify")});
    let _ = actions::extend(admin, request, path(place), Unread::of(&wanted)).await?;
    Ok(Went::Done("extend"))
}

async fn revoke(visitor: &Visitor, place: (&str, &str), form: &Form) -> Result<Went, Problem> {
    let (admin, request) = asking(visitor, place, form).await?;
    let _ = actions::revoke(admin, request, path(place)).await?;
    Ok(Went::Done("revoke"))
}

async fn decide(
    visitor: &Visitor,
    place: (&str, &str),
    form: &Form,
    decision: &'static str,
) -> Result<Went, Problem> {
    let (admin, request) = asking(visitor, place, form).await?;
    let wanted = Unread::of(&json!({"decision": decision}));
    let Json(decided) = address::decide(admin, request, path(place), wanted).await?;
    if decided.offer.is_some() {
        return Ok(Went::Once(Once {
            offer: decided.offer,
            ..Once::default()
        }));
    }
    Ok(Went::Done(if decided.warnings.is_empty() {
        decision
    } else {
        "managed"
    }))
}

async fn share(visitor: &Visitor, place: (&str, &str), form: &Form) -> Result<Went, Problem> {
    let (admin, request) = asking(visitor, place, form).await?;
    let wanted = json!({"alternate": form.is_on("alternate"), "post": form.is_on("post")});
    let Json(passed) = shared::share(admin, request, path(place), Unread::of(&wanted)).await?;
    Ok(Went::Once(Once {
        passed: Some(passed),
        ..Once::default()
    }))
}
