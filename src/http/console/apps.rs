//! The apps behind, for the operator: which ones there are, where codes may be sent, whom they serve, and how they
//! prove themselves. A secret is shown once, in the answer that makes it.

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::{Map, Value, json};

use crate::http::Gateway;
use crate::http::admin::apps;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::conditional::EntityTag;
use crate::http::console::filters;
use crate::http::console::frame::page_with;
use crate::http::console::lists::{self, next};
use crate::http::console::values::{fault, words};
use crate::http::console::{Answer, Form, Frame, Posted, Visitor, done, unknown_action};
use crate::http::reply::problem::Problem;
use crate::provisioning::settings::app_view::App;
use crate::provisioning::settings::apps::CreatedApp;

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/console/apps", get(list).post(created))
        .route("/console/apps/{client_id}", get(shown).post(posted))
}

/// How ID tokens are signed.
const ALGORITHMS: [(&str, &str); 2] = [("ES256", "ES256"), ("RS256", "RS256")];
/// How an app may prove itself.
const METHODS: [(&str, &str); 4] = [
    ("", "By a secret, or by the keys below where some are given"),
    ("client_secret_basic", "By a secret, in the header alone"),
    ("client_secret_post", "By a secret, in the form alone"),
    ("private_key_jwt", "By the keys below"),
];

#[derive(Template)]
#[template(path = "console/apps.html")]
struct Listed {
    frame: Frame,
    form: Form,
    apps: Vec<App>,
    next: Option<String>,
    /// The one that was registered a moment ago.
    fresh: Option<CreatedApp>,
}

/// `GET /console/apps`.
async fn list(visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    draw_all(&visitor, lists::form(query.as_deref()), None).await
}

async fn draw_all(visitor: &Visitor, form: Form, fresh: Option<CreatedApp>) -> Answer {
    let asked = Asked::of(&lists::asked(&form, &["after"]))?;
    let Json(page) = apps::list(visitor.admin(), asked).await?;
    let shown = Listed {
        frame: Frame::bare(visitor),
        apps: page.data,
        next: next(&form, &[], page.next),
        form,
        fresh,
    };
    let status = match shown.fresh {
        Some(_) => StatusCode::CREATED,
        None => shown.form.status(),
    };
    Ok(page_with(status, &shown))
}

/// `POST /console/apps`: registers one.
async fn created(Posted { visitor, mut form }: Posted) -> Answer {
    if form.action() != "create" {
        return Err(unknown_action());
    }
    match create(&visitor, &form).await {
        Ok(fresh) => draw_all(&visitor, Form::default(), Some(fresh)).await,
        Err(problem) => {
            lists::kept(&mut form, problem)?;
            draw_all(&visitor, form, None).await
        }
    }
}

async fn create(visitor: &Visitor, form: &Form) -> Result<CreatedApp, Problem> {
    let mut wanted = described(form)?;
    wanted.extend(form.object(&["auth_method"]));
    wanted.insert(
        "organizations".to_owned(),
        json!(words(form, "organizations")),
    );
    let wanted = Unread::of(&Value::Object(wanted));
    let request = Extension(visitor.request.clone());
    let created = apps::create(visitor.admin(), request, wanted).await?;
    Ok(created.value)
}

/// What a form says of an app, of one to be as of one that is there.
fn described(form: &Form) -> Result<Map<String, Value>, Problem> {
    let mut wanted = form.object(&["audience", "id_token_alg", "jwks_url"]);
    wanted.insert("name".to_owned(), json!(form.value("name")));
    for list in ["redirect_uris", "post_logout_redirect_uris", "launch_urls"] {
        wanted.insert(list.to_owned(), json!(words(form, list)));
    }
    for address in ["initiate_login_uri", "backchannel_logout_uri"] {
        wanted.insert(address.to_owned(), json!(form.text(address)));
    }
    if let Some(text) = form.text("jwks") {
        let jwks = serde_json::from_str::<Value>(text);
        let jwks = jwks.map_err(|_| fault("jwks", "This is no JSON."))?;
        wanted.insert("jwks".to_owned(), jwks);
    }
    Ok(wanted)
}

#[derive(Template)]
#[template(path = "console/app.html")]
struct Shown {
    frame: Frame,
    /// What the page has read of it.
    tag: String,
    form: Form,
    /// What it is to be.
    settings: Form,
    it: App,
    /// Its public keys, in lines.
    keys: Option<String>,
    has_secret: bool,
    /// Its fresh secret.
    secret: Option<String>,
}

/// `GET /console/apps/{client_id}`.
async fn shown(visitor: Visitor, Path(id): Path<String>, RawQuery(query): RawQuery) -> Answer {
    draw(&visitor, &id, lists::form(query.as_deref()), None).await
}

async fn draw(visitor: &Visitor, id: &str, form: Form, secret: Option<String>) -> Answer {
    let Json(it) = apps::show(visitor.admin(), Path(id.to_owned())).await?;
    let notice = said(form.value("done"));
    let status = match secret {
        Some(_) => StatusCode::CREATED,
        None => form.status(),
    };
    let is_of_settings = form.action() == "update" && form.problem.is_some();
    let (form, settings) = if is_of_settings {
        (Form::default(), form.or_as_it_is(settings(&it)))
    } else {
        (form, settings(&it))
    };
    let shown = Shown {
        frame: Frame::bare(visitor).saying(notice),
        tag: EntityTag::of(&it).to_string(),
        form,
        settings,
        keys: it.jwks.as_ref().map(|jwks| format!("{jwks:#}")),
        has_secret: it.auth_method.as_str() != "private_key_jwt",
        it,
        secret,
    };
    Ok(page_with(status, &shown))
}

/// What an app is, as its form says it.
fn settings(it: &App) -> Form {
    let addresses = &it.addresses;
    let [redirects, after, launches, organizations] = [
        &addresses.redirect_uris,
        &addresses.post_logout_redirect_uris,
        &addresses.launch_urls,
        &it.organizations,
    ]
    .map(|list| list.join("\n"));
    let login = addresses.initiate_login_uri.as_deref();
    let logout = addresses.backchannel_logout_uri.as_deref();
    Form::saying(&[
        ("name", it.name.as_str()),
        ("redirect_uris", redirects.as_str()),
        ("post_logout_redirect_uris", after.as_str()),
        ("launch_urls", launches.as_str()),
        ("initiate_login_uri", login.unwrap_or_default()),
        ("backchannel_logout_uri", logout.unwrap_or_default()),
        (
            "all_organizations",
            if it.all_organizations { "yes" } else { "" },
        ),
        ("organizations", organizations.as_str()),
        ("audience", it.audience.as_str()),
        ("id_token_alg", it.id_token_alg.as_str()),
    ])
}

fn said(done: &str) -> Option<&'static str> {
    Some(match done {
        "update" => "Changed; it counts at once.",
        "revoke" => "Revoked, for good: it gets no token any more, and nobody is sent to it.",
        _ => return None,
    })
}

/// `POST /console/apps/{client_id}`: what is done with one.
async fn posted(Path(id): Path<String>, Posted { visitor, mut form }: Posted) -> Answer {
    let what = form.action().to_owned();
    match act(&visitor, &id, &form).await {
        None => Err(unknown_action()),
        Some(Ok(Some(secret))) => draw(&visitor, &id, Form::default(), Some(secret)).await,
        Some(Ok(None)) => Ok(done(&format!("/console/apps/{id}"), &what)),
        Some(Err(problem)) => {
            lists::kept(&mut form, problem)?;
            draw(&visitor, &id, form, None).await
        }
    }
}

/// Does what a form asks for, if it is anything: answers the secret that is new.
async fn act(visitor: &Visitor, id: &str, form: &Form) -> Option<Result<Option<String>, Problem>> {
    let path = Path(id.to_owned());
    let (admin, request) = (visitor.admin(), Extension(visitor.request.clone()));
    Some(match form.action() {
        "update" => match changed(form) {
            Ok(wanted) => {
                let wanted = Unread::of(&wanted);
                let went = apps::update(admin, request, path, wanted).await;
                went.map(|_| None)
            }
            Err(problem) => Err(problem),
        },
        "rotate" => {
            let wanted = Unread::of(&json!({"now": form.is_on("now")}));
            let went = apps::rotate_secret(admin, request, path, wanted).await;
            went.map(|Json(fresh)| Some(fresh.client_secret))
        }
        "revoke" => apps::revoke(admin, request, path).await.map(|_| None),
        _ => return None,
    })
}

/// What an app is to be, and whom it is to serve.
fn changed(form: &Form) -> Result<Value, Problem> {
    let mut wanted = described(form)?;
    if form.is_on("all_organizations") {
        wanted.insert("all_organizations".to_owned(), json!(true));
    } else {
        wanted.insert(
            "organizations".to_owned(),
            json!(words(form, "organizations")),
        );
    }
    Ok(Value::Object(wanted))
}
