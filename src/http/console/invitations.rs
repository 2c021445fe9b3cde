//! Who is invited: the list of an organization's invitations, and the form that invites somebody.

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Json, Router};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::directory::invitation::Standing;
use crate::http::Gateway;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::imports;
use crate::http::admin::invitations::filters::Filters;
use crate::http::admin::invitations::{self, Answered};
use crate::http::console::filters;
use crate::http::console::frame::page_with;
use crate::http::console::invitations_many::{self, KEPT, is_open, kept_of};
use crate::http::console::lists::{self, next};
use crate::http::console::{
    Answer, Failed, Form, Frame, Posted, Section, Visitor, done, unknown_action,
};
use crate::http::reply::problem::{Fault, Problem, Type};
use crate::limits;
use crate::provisioning::import::view::Choice;
use crate::provisioning::invitations::view::Invitation;

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new().route(
        "/console/organizations/{slug}/invitations",
        get(list).post(posted),
    )
}

/// How invitations stand, as the list is asked for them.
const STATES: [(&str, &str); 8] = [
    ("pending", "Pending"),
    ("needs_attention", "Needs attention"),
    ("expired", "Expired"),
    ("accepted", "Accepted"),
    ("declined", "Declined"),
    ("revoked", "Revoked"),
    ("superseded", "Replaced"),
    ("any", "All"),
];

/// In which order they stand.
const ORDERS: [(&str, &str); 2] = [
    ("created_at", "As they were made"),
    ("expires_at", "As they expire"),
];

/// In how many days what is made now may expire.
pub(super) const DAYS: [(&str, &str); 6] = [
    ("1", "1 day"),
    ("3", "3 days"),
    ("7", "7 days"),
    ("14", "14 days"),
    ("21", "21 days"),
    ("30", "30 days"),
];

/// What a list is asked for beside the state.
const FILTERS: [&str; 5] = ["email", "role", "project", "import", "sort"];

/// A state, and the way to the invitations that stand so.
struct Tab {
    name: &'static str,
    href: String,
    is_here: bool,
}

/// An invitation that was made a moment ago.
struct Made {
    id: String,
    email: String,
    is_mailed: bool,
    /// The link, which is shown this once.
    link: Option<String>,
    warnings: Vec<&'static str>,
}

/// What stands on the page beside the list.
struct Beside {
    form: Form,
    made: Option<Made>,
    /// What stood in the way of the form.
    obstacle: Option<Type>,
}

#[derive(Template)]
#[template(path = "console/invitations.html")]
struct Invitations {
    frame: Frame,
    /// What is looked for.
    asked: Form,
    /// Whom to invite.
    form: Form,
    tabs: Vec<Tab>,
    /// Each with how long is left, and whether it can be chosen.
    rows: Vec<(Invitation, String, bool)>,
    /// Whether one can.
    has_choice: bool,
    /// What the list was asked for.
    kept: Vec<(String, String)>,
    next: Option<String>,
    roles: Vec<(String, String)>,
    projects: Vec<(String, String)>,
    /// What the field of the day of expiry is.
    day: String,
    made: Option<Made>,
    /// The address, as the query of a list asks for it.
    address: String,
    /// Whether the address is invited already.
    is_invited: bool,
    /// Whether somebody has the address already.
    is_known: bool,
    /// Whether a directory turned the person away.
    is_turned_away: bool,
}

/// A form that nobody filled in yet.
pub(super) fn fresh() -> Form {
    Form::saying(&[("expires_in_days", "7"), ("send_email", "true")])
}

/// `GET .../invitations`.
async fn list(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Answer {
    again(&visitor, &slug, lists::form(query.as_deref())).await
}

/// The list as it is asked for.
pub(super) async fn again(visitor: &Visitor, slug: &str, asked: Form) -> Answer {
    let beside = Beside {
        form: fresh(),
        made: None,
        obstacle: None,
    };
    draw(visitor, slug, asked, beside).await
}

async fn draw(visitor: &Visitor, slug: &str, mut asked: Form, beside: Beside) -> Answer {
    let of = || Path(slug.to_owned());
    let names: Vec<&str> = std::iter::once("state").chain(FILTERS).collect();
    let found = match Asked::<Filters>::of(&lists::asked(&asked, &KEPT)) {
        Ok(filters) => invitations::list(visitor.admin(), of(), filters).await,
        Err(problem) => Err(problem),
    };
    let (invited, after) = lists::found(&mut asked, found)?;
    let Json(may) = imports::template(visitor.admin(), of()).await?;
    let now = visitor.gateway.ids.clock().now();
    let rows = invited.into_iter().map(|it| {
        let (left, is_open) = (left(&it, now), is_open(&it));
        (it, left, is_open)
    });
    let rows: Vec<(Invitation, String, bool)> = rows.collect();
    let Beside {
        form,
        made,
        obstacle,
    } = beside;
    let status = match (&made, form.status()) {
        (Some(_), _) => StatusCode::CREATED,
        (None, StatusCode::OK) => asked.status(),
        (None, status) => status,
    };
    let shown = Invitations {
        frame: Frame::of(visitor, slug, Section::Invitations),
        tabs: tabs(&asked),
        next: next(&asked, &names, after),
        has_choice: rows.iter().any(|(_, _, is_open)| *is_open),
        rows,
        kept: kept_of(&asked),
        roles: roles(may.roles),
        projects: named(may.projects),
        day: day_of_expiry(now),
        address: lists::asked(&form, &["email"]),
        is_invited: obstacle == Some(Type::InvitationExists),
        is_known: matches!(
            obstacle,
            Some(Type::AlreadyMember | Type::DeprovisionedByDirectory | Type::MemberSuspended)
        ),
        is_turned_away: matches!(
            obstacle,
            Some(Type::DeprovisionedByDirectory | Type::OverrideUnexplained)
        ),
        asked,
        form,
        made,
    };
    Ok(page_with(status, &shown))
}

fn tabs(asked: &Form) -> Vec<Tab> {
    let here = asked.text("state").unwrap_or("pending");
    let more = lists::asked(asked, &FILTERS);
    let tab = |(state, name): &(&'static str, &'static str)| Tab {
        name,
        href: if more.is_empty() {
            format!("?state={state}")
        } else {
            format!("?state={state}&{more}")
        },
        is_here: *state == here,
    };
    STATES.iter().map(tab).collect()
}

/// How long an invitation that waits has left, in words; nothing of others.
pub(super) fn left(it: &Invitation, now: Timestamp) -> String {
    if !matches!(it.state, Standing::Pending | Standing::NeedsAttention) || it.expires_at <= now {
        return String::new();
    }
    match it.expires_at.duration_since(now).as_hours() {
        ..1 => "less than an hour left".to_owned(),
        1 => "1 hour left".to_owned(),
        hours @ 2..48 => format!("{hours} hours left"),
        hours => format!("{} days left", hours / 24),
    }
}

/// Roles to choose from, the least one first: what stands there unless somebody chooses.
pub(super) fn roles(roles: Vec<Choice>) -> Vec<(String, String)> {
    named(roles.into_iter().rev().collect())
}

/// Slugs and names to choose from.
pub(super) fn named(choices: Vec<Choice>) -> Vec<(String, String)> {
    choices.into_iter().map(|it| (it.slug, it.name)).collect()
}

/// What the field of a day is on whose end something may expire that is made now.
pub(super) fn day_of_expiry(now: Timestamp) -> String {
    let [_, longest] = limits::INVITATION_LIVES;
    let day = |at: Timestamp| Offset::UTC.to_datetime(at).date();
    let last = now + (longest - SignedDuration::from_hours(24));
    format!("type=\"date\" min=\"{}\" max=\"{}\"", day(now), day(last))
}

/// What should be known of an invitation, in a sentence.
pub(super) fn warning(word: &str) -> &'static str {
    match word {
        "directory_managed_domain" => {
            "A directory manages the address's domain: the person may come from there by themselves."
        }
        "expires_soon" => "It expires within a day: extend it if they need longer.",
        _ => "Look at it once more: there is something to know about it.",
    }
}

/// Keeps what is wrong with a form, beside the field that it is about.
pub(super) fn kept(form: &mut Form, problem: Problem) -> Result<(), Failed> {
    let (kind, message) = (problem.kind(), problem.detail().to_owned());
    lists::kept(form, problem)?;
    if let (true, Some(pointer)) = (form.faults.is_empty(), pointer(kind)) {
        form.faults.push(Fault {
            pointer: Some(pointer.to_owned()),
            code: kind.slug(),
            message,
            ..Fault::default()
        });
    }
    Ok(())
}

fn pointer(kind: Type) -> Option<&'static str> {
    Some(match kind {
        Type::AlreadyMember
        | Type::DeprovisionedByDirectory
        | Type::DomainNotAllowed
        | Type::InvalidEmail
        | Type::InvitationExists
        | Type::ManagedDomain
        | Type::MemberSuspended => "/email",
        Type::OwnerNotGrantable | Type::RoleAboveInviter | Type::UnknownRole => "/role",
        Type::ArchivedProject
        | Type::ScopeNotAllowed
        | Type::TooManyProjects
        | Type::UnknownProject => "/projects",
        Type::AmbiguousExpiry
        | Type::ExpiryInPast
        | Type::ExpiryTooFar
        | Type::ExpiryTooSoon
        | Type::InvalidExpiry => "/expires_at",
        Type::ExtensionLimit | Type::InvalidExtension => "/days",
        Type::OverrideUnexplained => "/reason",
        Type::TooLong => "/message",
        _ => return None,
    })
}

/// `POST .../invitations`: somebody is invited; or, where they are, sent the same once more. Or something is done with
/// those that were chosen.
async fn posted(Path(slug): Path<String>, Posted { visitor, mut form }: Posted) -> Answer {
    let (how, on_conflict) = match form.action() {
        "resend_chosen" | "revoke_chosen" | "revoke_them" => {
            return invitations_many::posted(&visitor, &slug, form).await;
        }
        "invite" => ("", "refuse"),
        "override" => ("override=directory", "refuse"),
        "resend" => ("", "resend"),
        _ => return Err(unknown_action()),
    };
    let wanted = Unread::of(&wanted(&form, on_conflict));
    let (path, request) = (Path(slug.clone()), Extension(visitor.request.clone()));
    let went = invitations::create(visitor.admin(), request, path, Asked::of(how)?, wanted).await;
    let beside = match went {
        Ok(answered) if answered.is_new() => Beside {
            made: Some(made(answered.value, form.is_on("send_email"))),
            form: fresh(),
            obstacle: None,
        },
        Ok(answered) => {
            let id = answered.value.invitation.id;
            let path = format!("/console/organizations/{slug}/invitations/{id}");
            return Ok(done(&path, "resend"));
        }
        Err(problem) => {
            let obstacle = Some(problem.kind());
            kept(&mut form, problem)?;
            Beside {
                form,
                made: None,
                obstacle,
            }
        }
    };
    draw(&visitor, &slug, Form::default(), beside).await
}

fn made(answered: Answered, is_mailed: bool) -> Made {
    Made {
        id: answered.invitation.id.to_string(),
        email: answered.invitation.email,
        is_mailed,
        link: answered.accept_url,
        warnings: answered.warnings.into_iter().map(warning).collect(),
    }
}

/// What a form asks for; a day wins over a number of days.
fn wanted(form: &Form, on_conflict: &str) -> Value {
    let mut wanted = form.object(&["expires_at", "message"]);
    if form.action() == "override" {
        wanted.extend(form.object(&["reason"]));
    }
    if form.text("expires_at").is_none()
        && let Some(days) = form.text("expires_in_days")
    {
        let days = days
            .parse()
            .map_or_else(|_| json!(days), |days: i64| json!(days));
        wanted.insert("expires_in_days".to_owned(), days);
    }
    for (name, value) in [
        ("email", json!(form.value("email").trim())),
        ("role", json!(form.value("role"))),
        ("projects", json!(form.all("projects"))),
        ("send_email", json!(form.is_on("send_email"))),
        ("on_conflict", json!(on_conflict)),
    ] {
        wanted.insert(name.to_owned(), value);
    }
    Value::Object(wanted)
}
