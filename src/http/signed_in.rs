//! Where a sign-in ends that no app takes: who one is, as what and why, and the way out.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use futures_util::FutureExt;

use crate::directory::grant::{Because, Grant, GrantSource};
use crate::http::auth::session::{self, Browser};
use crate::http::oidc::form;
use crate::http::reply::page;
use crate::http::saml::leave;
use crate::http::{Gateway, RequestId};
use crate::id::OrganizationId;
use crate::oidc::claims::{Facts, ProjectRole};
use crate::provisioning::hand_off::Origin;
use crate::provisioning::links::proof;
use crate::provisioning::resolution::{World, mapping_of};
use crate::provisioning::sessions::{self, Door, Live};
use crate::provisioning::sign_in::Cookie;
use crate::provisioning::{Error, hand_off};
use crate::store::Tx;
use crate::store::rows::GrantRow;
use crate::store::types::Time;

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    let only = |allow: &'static str| {
        move |Extension(request): Extension<RequestId>| async move {
            page::method_not_allowed(allow, &request)
        }
    };
    Router::new()
        .route("/signed-in", get(signed_in).fallback(only("GET, HEAD")))
        .route("/sign-out", post(sign_out).fallback(only("POST")))
}

#[derive(Template)]
#[template(path = "signed_in.html")]
struct SignedIn {
    people: Vec<Person>,
}

/// Somebody who is signed in, to one organization.
struct Person {
    name: Option<String>,
    email: Option<String>,
    organization: String,
    organization_id: String,
    connection: String,
    role: Option<String>,
    because: String,
    projects: Vec<ProjectRole>,
    /// Whether the link could be confirmed, so that the session reaches higher.
    capped: bool,
}

/// `GET /signed-in`.
async fn signed_in(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    browser: Browser,
) -> Response {
    match read(&gateway, &browser).await {
        Ok((people, _)) if people.is_empty() => {
            let text = "Nobody is signed in in this browser. Open the application from your \
                identity provider.";
            let (status, title) = (StatusCode::FORBIDDEN, "You are not signed in");
            page::refusal(status, title, "login_required", text, &request)
        }
        Ok((people, onward)) => page::html(StatusCode::OK, &SignedIn { people }, &onward),
        Err(error) => page::error(error, &request),
    }
}

/// Those who are signed in, and where signing out may lead: to an identity provider.
async fn read(gateway: &Gateway, browser: &Browser) -> Result<(Vec<Person>, Vec<String>), Error> {
    let now = gateway.ids.clock().now();
    let all = sessions::all(&gateway.store, browser.sessions.clone(), now).await?;
    for live in &all {
        if let Err(error) = sessions::seen(&gateway.store, live, now).await {
            tracing::warn!(%error, "a session's use could not be noted");
        }
    }
    if all.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let mut onward = Vec::new();
    if all.iter().any(|live| leave::reaches(gateway, live)) {
        onward = page::anywhere(gateway);
    }
    let read = gateway.store.read(move |tx| {
        let all = all.clone();
        async move {
            let mut people = Vec::new();
            for live in &all {
                let (org, id) = (live.session.org_id, live.session.id);
                // As it is by now.
                if let Some(live) = sessions::live_by_id(tx, org, id, now).await? {
                    people.push(person(tx, &live, Time(now)).await?);
                }
            }
            Ok::<_, Error>(people)
        }
        .boxed()
    });
    Ok((read.await?, onward))
}

async fn person(tx: &mut Tx, live: &Live, now: Time) -> Result<Person, Error> {
    let facts = hand_off::facts(tx, live).await?;
    let because = because(tx, live, &facts, now).await?;
    let connection = match &live.door {
        Door::BreakGlass => "the break-glass sign-in".to_owned(),
        Door::Connection(row) => row.name.clone(),
        Door::Mailbox => "your invitation".to_owned(),
    };
    Ok(Person {
        name: facts.name,
        email: facts.email,
        organization: facts.organization_slug,
        organization_id: live.session.org_id.to_string(),
        connection,
        role: facts.role,
        because,
        projects: facts.projects,
        capped: proof::is_capped(tx, live, now.0).await?,
    })
}

/// Where the role comes from, for the person themselves.
async fn because(tx: &mut Tx, live: &Live, facts: &Facts, now: Time) -> Result<String, Error> {
    let (org, people) = (live.session.org_id, [live.user.id]);
    let world = World::load(tx, org, &people).await?;
    let rows = tx.live_grants(org, &people).await?;
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let projects = tx.grant_projects(org, &ids).await?;
    let grants: Vec<Grant> = rows.iter().map(|row| world.grant(row, &projects)).collect();
    let resolution = world.resolve(&live.user, &grants, now);
    let held = world.role_slug(resolution.entitlement.role);
    let why = match resolution.because {
        Because::ConnectionDefault => "the default of your connection".to_owned(),
        Because::Grant(id) => rows
            .iter()
            .find(|row| row.id == id)
            .map_or_else(String::new, |row| of(&world, row)),
        Because::Inactive => "your account is not active".to_owned(),
        Because::NoOrganizationGrant => "you have roles in projects only".to_owned(),
        Because::OrganizationDefault => "the default of your organization".to_owned(),
        Because::Owner => "you own the organization".to_owned(),
    };
    Ok(if held == facts.role.as_deref() {
        why
    } else {
        format!("{why}; this connection signs in no higher role")
    })
}

fn of(world: &World, row: &GrantRow) -> String {
    let group = mapping_of(row)
        .and_then(|id| world.mappings.get(&id))
        .map(|rule| &rule.match_text);
    match (row.source, group) {
        (GrantSource::DirectoryGroup, Some(group)) => {
            format!("the group {group} of your directory")
        }
        (GrantSource::DirectoryGroup, None) => "a group of your directory".to_owned(),
        (GrantSource::SamlGroup, Some(group)) => format!("the group {group} named at your sign-in"),
        (GrantSource::SamlGroup, None) => "a group named at your sign-in".to_owned(),
        (GrantSource::Bootstrap, _) => "you were there from the beginning".to_owned(),
        (GrantSource::Csv | GrantSource::Invite, _) => "you were invited".to_owned(),
        (GrantSource::Manual, _) => "an administrator gave it to you".to_owned(),
        (GrantSource::Override, _) => "the owner gave it to you for a while".to_owned(),
    }
}

/// `POST /sign-out`: ends the browser's session of the organization that the form names, if the form
/// is ours, and has its identity provider told. A form that names none means the only one.
async fn sign_out(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    browser: Browser,
    posted: Request,
) -> Response {
    if !session::is_ours(posted.headers(), &gateway.public_url) {
        let text = "This form did not come from this server.";
        let (status, title) = (StatusCode::FORBIDDEN, "That did not work");
        return page::refusal(status, title, "foreign_form", text, &request);
    }
    let pairs = form::read(posted)
        .await
        .map_or_else(|_| Vec::new(), |(_, pairs)| pairs);
    let named = pairs.into_iter().find(|(name, _)| name == "organization");
    let mut response = page::see_other(&gateway.link("/signed-in"));
    match chosen(&gateway, &browser, named.map(|(_, value)| value)).await {
        Ok(Chosen::One(live)) => {
            if let Err(error) = over(&gateway, &request, &live).await {
                return page::error(error, &request);
            }
            let back = Some(gateway.link("/signed-in"));
            if let Some(on) = leave::start(&gateway, &request, &live, back).await {
                response = on;
            }
            session::end(
                response.headers_mut(),
                &gateway,
                &browser,
                Some(&live.session),
            );
        }
        Ok(Chosen::Nobody) => session::end(response.headers_mut(), &gateway, &browser, None),
        Ok(Chosen::Unsaid) => {}
        Err(error) => return page::error(error, &request),
    }
    response
}

/// Which of the browser's sessions is meant.
enum Chosen {
    /// There is none.
    Nobody,
    One(Box<Live>),
    /// There are several, and none or another one was named.
    Unsaid,
}

async fn chosen(
    gateway: &Gateway,
    browser: &Browser,
    named: Option<String>,
) -> Result<Chosen, Error> {
    let now = gateway.ids.clock().now();
    let mut all = sessions::all(&gateway.store, browser.sessions.clone(), now).await?;
    if all.is_empty() {
        return Ok(Chosen::Nobody);
    }
    if let Some(named) = named {
        all.retain(|live| live.session.org_id.to_string() == named);
    }
    Ok(match (all.pop(), all.is_empty()) {
        (Some(live), true) => Chosen::One(Box::new(live)),
        _ => Chosen::Unsaid,
    })
}

async fn over(gateway: &Gateway, request: &RequestId, live: &Live) -> Result<(), Error> {
    let context = gateway.context(live.source(), request);
    sessions::end(&gateway.store, context, &live.session, "signed_out").await
}

/// Ends the browser's session of an organization, if it has one.
pub(super) async fn ended(
    gateway: &Gateway,
    request: &RequestId,
    browser: &Browser,
    org: OrganizationId,
) -> Result<Option<Live>, Error> {
    let now = gateway.ids.clock().now();
    let all = sessions::all(&gateway.store, browser.sessions.clone(), now).await?;
    let live = all.into_iter().find(|live| live.session.org_id == org);
    if let Some(live) = &live {
        over(gateway, request, live).await?;
    }
    Ok(live)
}

/// Where somebody goes who came in by a mailbox: to the only app that serves the organization, or else to our
/// own page. They are in by now, so that not finding the app is no refusal.
pub(super) async fn onward(gateway: &Gateway, org: OrganizationId, email: &str) -> Option<String> {
    let (issuer, hint) = (gateway.public_url.clone(), email.to_owned());
    let found = gateway.store.read(move |tx| {
        let (issuer, hint) = (issuer.clone(), hint.clone());
        async move { hand_off::begin(tx, Origin { org, app: None }, &issuer, &hint).await }.boxed()
    });
    found.await.unwrap_or_else(|error| {
        tracing::error!(%error, "the app of an organization could not be looked up");
        None
    })
}

/// 303 there, or to our own page, with the cookie of the session that they have now.
pub(super) fn in_by(gateway: &Gateway, cookie: &Cookie, place: Option<String>) -> Response {
    // Without a host: the cookie is of the host that the browser is at.
    let mut response = page::see_other(place.as_deref().unwrap_or("/signed-in"));
    let now = gateway.ids.clock().now();
    session::begin(response.headers_mut(), gateway, cookie, now);
    response
}
