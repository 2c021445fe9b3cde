//! What an organization is called, what it lets in, and who owns it: its name, its policy, transfers of the title,
//! and the owner's way in while no connection brings them in.

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::{Value, json};

use crate::directory::policy::Policy;
use crate::http::Gateway;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::conditional::EntityTag;
use crate::http::admin::{break_glass, organizations, ownership, policy, users};
use crate::http::console::filters;
use crate::http::console::frame::page_with;
use crate::http::console::lists;
use crate::http::console::values::{fault, number, words};
use crate::http::console::{Answer, Form, Frame, Posted, Section, Visitor, done, unknown_action};
use crate::http::reply::problem::{Problem, Type};
use crate::provisioning::break_glass::BreakGlass;
use crate::provisioning::ownership::Transfer;
use crate::provisioning::settings::organizations::Organization;

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    let page = get(shown).post(posted);
    Router::new().route("/console/organizations/{slug}/settings", page)
}

/// Whether people may be invited whose domain a directory manages.
const MANAGED: [(&str, &str); 3] = [
    ("warn", "Yes, and the inviter is told"),
    ("allow", "Yes"),
    ("block", "No"),
];
/// What becomes of it when a directory turns the owner away.
const TURNED_AWAY: [(&str, &str); 2] = [
    (
        "suspend",
        "The owner is suspended like anybody, and keeps the title",
    ),
    (
        "refuse",
        "It is refused, with everything else of the request",
    ),
];
/// What is on or off in a policy: its field, its name, and what it does.
const SWITCHES: [(&str, &str, &str); 5] = [
    (
        "sso_required",
        "Accept by signing in",
        "Whoever is invited in a domain that a connection is trusted with accepts by signing in through it, and not \
         by their mailbox alone.",
    ),
    (
        "reply_to_inviter",
        "Answers go to the inviter",
        "Whoever answers to an invitation's mail writes to the inviter.",
    ),
    (
        "same_domain_accept",
        "Other addresses of the same domain",
        "Whoever shows that another address of the invited domain is theirs is invited there without an admin's yes.",
    ),
    (
        "allow_directory_override",
        "The owner overrides the directory",
        "The owner may invite somebody whom the directory turned away.",
    ),
    (
        "alerts",
        "Alerts by mail",
        "The owner and the admins are told of alerts by mail; the operator is in any case.",
    ),
];

#[derive(Template)]
#[template(path = "console/organization.html")]
struct Settings {
    frame: Frame,
    it: Organization,
    /// What the page has read of the organization, and of its policy.
    tag: String,
    policy_tag: String,
    naming: Form,
    policy: Form,
    /// What is said of the title.
    transfer: Form,
    transfers: Vec<Transfer>,
    /// What is said of the owner's way in.
    glass: Form,
    way: BreakGlass,
    is_open: bool,
    /// The link that was made a moment ago.
    opened: Option<String>,
}

/// The forms of the page, each as it was posted, where it was.
#[derive(Default)]
struct Forms {
    naming: Option<Form>,
    policy: Option<Form>,
    transfer: Form,
    glass: Form,
}

impl Forms {
    /// With what one of them said.
    fn with(form: Form) -> Self {
        let mut forms = Self::default();
        match form.action() {
            "rename" => forms.naming = Some(form),
            "policy" => forms.policy = Some(form),
            "begin" | "cancel" | "confirm" => forms.transfer = form,
            _ => forms.glass = form,
        }
        forms
    }

    /// The status of the page that shows them.
    fn status(&self) -> StatusCode {
        let all = self.naming.iter().chain(&self.policy);
        let mut all = all.chain([&self.transfer, &self.glass]);
        let refused = all.find(|form| form.problem.is_some());
        refused.map_or(StatusCode::OK, Form::status)
    }
}

/// `GET .../settings`.
async fn shown(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let form = lists::form(query.as_deref());
    let notice = said(form.value("done"));
    draw(&visitor, &slug, Forms::default(), (notice, None)).await
}

async fn draw(
    visitor: &Visitor,
    slug: &str,
    forms: Forms,
    (notice, opened): (Option<&'static str>, Option<String>),
) -> Answer {
    let path = || Path(slug.to_owned());
    let Json(it) = organizations::show(visitor.admin(), path()).await?;
    let Json(policy) = policy::show(visitor.admin(), path()).await?;
    let all = Asked::of("limit=200")?;
    let Json(page) = ownership::list(visitor.admin(), path(), all).await?;
    let Json(way) = break_glass::show(visitor.admin(), path()).await?;
    let mut transfers = page.data;
    transfers.reverse();
    let status = match opened {
        Some(_) => StatusCode::CREATED,
        None => forms.status(),
    };
    let named = || Form::saying(&[("name", it.name.as_str())]);
    let shown = Settings {
        frame: Frame::of(visitor, slug, Section::Settings).saying(notice),
        tag: EntityTag::of(&it).to_string(),
        policy_tag: EntityTag::of(&policy).to_string(),
        naming: forms.naming.unwrap_or_else(named).or_as_it_is(named()),
        policy: forms
            .policy
            .unwrap_or_else(|| written(&policy))
            .or_as_it_is(written(&policy)),
        transfer: forms.transfer,
        transfers,
        glass: forms.glass,
        is_open: way.state.as_str() == "open",
        way,
        opened,
        it,
    };
    Ok(page_with(status, &shown))
}

/// A policy as its form says it.
fn written(policy: &Policy) -> Form {
    let on = |is_on: bool| if is_on { "yes" } else { "" };
    let domains = policy.invite_domains.join("\n");
    Form::saying(&[
        ("invite_domains", domains.as_str()),
        ("managed_domains", policy.managed_domains.as_str()),
        ("sso_required", on(policy.sso_required)),
        ("reply_to_inviter", on(policy.reply_to_inviter)),
        ("same_domain_accept", on(policy.same_domain_accept)),
        (
            "allow_directory_override",
            on(policy.allow_directory_override),
        ),
        (
            "alternate_public_url",
            policy.alternate_public_url.as_deref().unwrap_or_default(),
        ),
        ("owner_deprovision", policy.owner_deprovision.as_str()),
        ("alerts", on(policy.alerts)),
    ])
}

/// The whole policy that a form says.
fn wanted_policy(form: &Form) -> Value {
    json!({
        "invite_domains": words(form, "invite_domains"),
        "managed_domains": form.value("managed_domains"),
        "sso_required": form.is_on("sso_required"),
        "reply_to_inviter": form.is_on("reply_to_inviter"),
        "same_domain_accept": form.is_on("same_domain_accept"),
        "allow_directory_override": form.is_on("allow_directory_override"),
        "alternate_public_url": form.text("alternate_public_url"),
        "owner_deprovision": form.value("owner_deprovision"),
        "alerts": form.is_on("alerts"),
    })
}

fn said(done: &str) -> Option<&'static str> {
    Some(match done {
        "rename" => "The name is changed.",
        "policy" => "The policy is in force.",
        "begin" => "The transfer is under way, or made. Whoever is asked gets a mail.",
        "cancel" => "The transfer is taken back: its links are dead.",
        "confirm" => "The title has moved.",
        "close" => "The owner's way in is closed, and what was begun by it has ended.",
        _ => return None,
    })
}

/// `POST .../settings`.
async fn posted(Path(slug): Path<String>, Posted { visitor, mut form }: Posted) -> Answer {
    let what = form.action().to_owned();
    match act(&visitor, &slug, &form).await {
        None => Err(unknown_action()),
        Some(Ok(Some(url))) => draw(&visitor, &slug, Forms::default(), (None, Some(url))).await,
        Some(Ok(None)) => Ok(done(
            &format!("/console/organizations/{slug}/settings"),
            &what,
        )),
        Some(Err(problem)) => {
            lists::kept(&mut form, problem)?;
            draw(&visitor, &slug, Forms::with(form), (None, None)).await
        }
    }
}

/// Does what a form asks for, if it is anything: answers the link that is new.
async fn act(
    visitor: &Visitor,
    slug: &str,
    form: &Form,
) -> Option<Result<Option<String>, Problem>> {
    let path = Path(slug.to_owned());
    let transfer = Path((slug.to_owned(), form.value("transfer").to_owned()));
    let (admin, request) = (visitor.admin(), Extension(visitor.request.clone()));
    Some(match form.action() {
        "rename" => {
            let wanted = Unread::of(&json!({"name": form.value("name")}));
            let went = organizations::rename(admin, request, path, wanted).await;
            went.map(|_| None)
        }
        "policy" => {
            let wanted = Unread::of(&wanted_policy(form));
            let went = policy::replace(admin, request, path, wanted).await;
            went.map(|_| None)
        }
        "begin" => begin(visitor, slug, form).await.map(|()| None),
        "cancel" => {
            let went = ownership::cancel(admin, request, transfer).await;
            went.map(|_| None)
        }
        "confirm" => {
            let went = ownership::confirm(admin, request, transfer).await;
            went.map(|_| None)
        }
        "open" => open(visitor, slug, form).await.map(Some),
        "close" => break_glass::close(admin, request, path).await.map(|_| None),
        _ => return None,
    })
}

/// Begins a transfer to whom a form names, by address or by id.
async fn begin(visitor: &Visitor, slug: &str, form: &Form) -> Result<(), Problem> {
    let to = person(visitor, slug, form).await?;
    let wanted = json!({
        "to": to,
        "reason": form.text("reason"),
        "force": form.is_on("force"),
    });
    let (path, request) = (Path(slug.to_owned()), Extension(visitor.request.clone()));
    match ownership::begin(visitor.admin(), request, path, Unread::of(&wanted)).await {
        Ok(_) => Ok(()),
        Err(problem) if problem.kind() == Type::NotFound => {
            Err(fault("to", "Nobody here is that."))
        }
        Err(problem) => Err(problem),
    }
}

/// The id of the person whom a form names.
async fn person(visitor: &Visitor, slug: &str, form: &Form) -> Result<String, Problem> {
    let said = form.value("to").trim();
    if !said.contains('@') {
        return Ok(said.to_owned());
    }
    let asked = lists::asked(&Form::saying(&[("email", said)]), &["email"]);
    let asked = Asked::of(&asked)?;
    let found = users::list(visitor.admin(), Path(slug.to_owned()), asked).await;
    match found {
        Ok(Json(page)) => {
            let id = page.data.first().map(|user| user.id.to_string());
            id.ok_or_else(|| fault("to", "Nobody here has this address."))
        }
        Err(problem) if problem.kind() == Type::InvalidParameter => {
            Err(fault("to", "This is no address."))
        }
        Err(problem) => Err(problem),
    }
}

/// Opens the owner's way in: answers its link.
async fn open(visitor: &Visitor, slug: &str, form: &Form) -> Result<String, Problem> {
    let hours = number(form, "hours")?;
    let wanted = json!({"hours": hours, "reason": form.value("reason")});
    let (path, request) = (Path(slug.to_owned()), Extension(visitor.request.clone()));
    let opened = break_glass::open(visitor.admin(), request, path, Unread::of(&wanted));
    Ok(opened.await?.value.url)
}
