//! Where a sign-in ends that no app takes: who one is, as what and why, and the way out.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use futures_util::FutureExt;

use crate::directory::grant::{Because, Grant, GrantSource};
use crate::http::auth::session::{self, Browser};
use crate::http::reply::page;
use crate::http::{Gateway, RequestId};
use crate::oidc::claims::{Facts, ProjectRole};
use crate::provisioning::resolution::World;
use crate::provisioning::sessions::{self, Live};
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
struct SignedIn<'a> {
    name: Option<&'a str>,
    email: Option<&'a str>,
    organization: &'a str,
    connection: &'a str,
    role: Option<&'a str>,
    because: &'a str,
    projects: &'a [ProjectRole],
}

/// `GET /signed-in`.
async fn signed_in(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    browser: Browser,
) -> Response {
    match read(&gateway, &browser).await {
        Ok(Some((live, facts, because))) => {
            let page = SignedIn {
                name: facts.name.as_deref(),
                email: facts.email.as_deref(),
                organization: &facts.organization_slug,
                connection: live.connection().map_or("your invitation", |row| &row.name),
                role: facts.role.as_deref(),
                because: &because,
                projects: &facts.projects,
            };
            page::html(StatusCode::OK, &page, &[])
        }
        Ok(None) => {
            let text = "Nobody is signed in in this browser. Open the application from your \
                identity provider.";
            let (status, title) = (StatusCode::FORBIDDEN, "You are not signed in");
            page::refusal(status, title, "login_required", text, &request)
        }
        Err(error) => page::error(error, &request),
    }
}

async fn read(
    gateway: &Gateway,
    browser: &Browser,
) -> Result<Option<(Live, Facts, String)>, Error> {
    let now = gateway.ids.clock().now();
    let cookies = browser.session.into_iter().collect();
    let Some(live) = sessions::current(&gateway.store, cookies, now).await? else {
        return Ok(None);
    };
    if let Err(error) = sessions::seen(&gateway.store, &live, now).await {
        tracing::warn!(%error, "a session's use could not be noted");
    }
    let read = gateway.store.read(move |tx| {
        let live = live.clone();
        async move {
            let facts = hand_off::facts(tx, &live).await?;
            let because = because(tx, &live, &facts, Time(now)).await?;
            Ok(Some((live, facts, because)))
        }
        .boxed()
    });
    read.await
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
    let rule = row
        .source_ref
        .split_once('/')
        .and_then(|(id, _)| id.parse().ok());
    let group = rule
        .and_then(|id| world.mappings.get(&id))
        .map(|(rule, _)| &rule.match_text);
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

/// `POST /sign-out`: ends the browser's session, if the form is ours.
async fn sign_out(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    browser: Browser,
    headers: HeaderMap,
) -> Response {
    if !session::is_ours(&headers, &gateway.public_url) {
        let text = "This form did not come from this server.";
        let (status, title) = (StatusCode::FORBIDDEN, "That did not work");
        return page::refusal(status, title, "foreign_form", text, &request);
    }
    if let Err(error) = ended(&gateway, &request, &browser).await {
        return page::error(error, &request);
    }
    let mut response = page::see_other(&gateway.link("/signed-in"));
    session::end(response.headers_mut(), &gateway);
    response
}

/// Ends the browser's session, if it has one.
pub(super) async fn ended(
    gateway: &Gateway,
    request: &RequestId,
    browser: &Browser,
) -> Result<(), Error> {
    let cookies = browser.session.into_iter().collect();
    let now = gateway.ids.clock().now();
    let Some(live) = sessions::current(&gateway.store, cookies, now).await? else {
        return Ok(());
    };
    let context = gateway.context(live.source(), request);
    sessions::end(&gateway.store, context, &live.session, "signed_out").await
}
