//! What is done to a connection from its page: each button, by the operation of the admin API that it stands for.

use axum::extract::Path;
use axum::response::Response;
use axum::{Extension, Json};
use serde_json::{Map, Value, json};

use crate::http::RequestId;
use crate::http::admin::asked::Unread;
use crate::http::admin::connections::{self, keys, metadata, write};
use crate::http::admin::tokens::{self, Fresh};
use crate::http::console::connection::{Said, draw};
use crate::http::console::connection_removal;
use crate::http::console::connection_settings::{changed, is_of, number};
use crate::http::console::connections::Copied;
use crate::http::console::lists;
use crate::http::console::{Answer, Form, Posted, Visitor, done, unknown_action};
use crate::http::reply::problem::Problem;
use crate::provisioning::Error;
use crate::provisioning::settings::oauth_clients::IssuedClient;

/// The organization's slug and the connection's id.
type Place<'a> = (&'a str, &'a str);

/// `POST .../connections/{id}`.
pub(super) async fn posted(
    Path((slug, id)): Path<(String, String)>,
    Posted { visitor, mut form }: Posted,
) -> Answer {
    let place = (&*slug, &*id);
    let what = form.action().to_owned();
    let went = match &*what {
        "save" => return save(&visitor, place, form).await,
        "issue" => return issue(&visitor, place, form).await,
        "preview" | "remove" => return connection_removal::posted(&visitor, place, form).await,
        "confirm_owner" | "live" | "pause" | "resume" | "test" => {
            stand(&visitor, place, &form).await
        }
        "apply" | "describe" | "dismiss" | "refresh" => provider(&visitor, place, &form).await,
        "key_add" | "key_drop" | "key_switch" => key(&visitor, place, &what).await,
        "revoke" => {
            let token = form.value("token").to_owned();
            let path = Path((slug.clone(), id.clone(), token));
            let went = tokens::revoke(visitor.admin(), asked(&visitor), path).await;
            went.map(drop)
        }
        _ => return Err(unknown_action()),
    };
    if let Err(problem) = went {
        lists::kept(&mut form, problem)?;
        return refused(&visitor, place, form).await;
    }
    Ok(finished(place, &what))
}

fn asked(visitor: &Visitor) -> Extension<RequestId> {
    Extension(visitor.request.clone())
}

fn path((slug, id): Place<'_>) -> Path<(String, String)> {
    Path((slug.to_owned(), id.to_owned()))
}

/// The page, which says what was done.
fn finished((slug, id): Place<'_>, what: &str) -> Response {
    let page = format!("/console/organizations/{slug}/connections/{id}");
    done(&page, what)
}

/// The page, with a form that was not taken.
pub(super) async fn refused(visitor: &Visitor, place: Place<'_>, form: Form) -> Answer {
    let said = Said {
        form,
        ..Said::default()
    };
    draw(visitor, place, said).await
}

/// Whether it works, for whom, and whether it is only tried.
async fn stand(visitor: &Visitor, place: Place<'_>, form: &Form) -> Result<(), Problem> {
    let (admin, request) = (visitor.admin(), asked(visitor));
    let went = match form.action() {
        "confirm_owner" => write::confirm_owner(admin, request, path(place)).await,
        "pause" => write::pause(admin, request, path(place)).await,
        "resume" => write::resume(admin, request, path(place)).await,
        "live" => {
            let seen = form.all("seen_certificates");
            let wanted = json!({"testing": false, "seen_certificates": seen});
            write::update(admin, request, path(place), Unread::of(&wanted)).await
        }
        _ => {
            let wanted = json!({"testing": true});
            write::update(admin, request, path(place), Unread::of(&wanted)).await
        }
    };
    went.map(drop)
}

/// Whom it trusts.
async fn provider(visitor: &Visitor, place: Place<'_>, form: &Form) -> Result<(), Problem> {
    let (admin, request) = (visitor.admin(), asked(visitor));
    let digest = Unread::of(&json!({"digest": form.value("digest")}));
    match form.action() {
        "apply" => metadata::apply(admin, request, path(place), digest)
            .await
            .map(drop),
        "dismiss" => metadata::dismiss(admin, request, path(place), digest)
            .await
            .map(drop),
        "refresh" => metadata::refresh(admin, request, path(place))
            .await
            .map(drop),
        _ => {
            let names = ["idp_metadata", "idp_metadata_url", "idp_entity_id"];
            let wanted = Unread::of(&Value::Object(form.object(&names)));
            let went = write::update(admin, request, path(place), wanted).await;
            went.map(drop)
        }
    }
}

/// Our own keys of it.
async fn key(visitor: &Visitor, place: Place<'_>, what: &str) -> Result<(), Problem> {
    let (admin, request) = (visitor.admin(), asked(visitor));
    let went = match what {
        "key_add" => keys::add(admin, request, path(place)).await,
        "key_switch" => keys::switch(admin, request, path(place)).await,
        _ => keys::drop(admin, request, path(place)).await,
    };
    went.map(drop)
}

/// Its settings, as far as the form says something else than what is set.
async fn save(visitor: &Visitor, place: Place<'_>, mut form: Form) -> Answer {
    let Json(it) = connections::show(visitor.admin(), path(place)).await?;
    if !is_of(&form, &it) {
        let mut stale = Form::default();
        stale.refused(&Problem::from(Error::Stale));
        return refused(visitor, place, stale).await;
    }
    let wanted = Unread::of(&Value::Object(changed(&form, &it)));
    let went = write::update(visitor.admin(), asked(visitor), path(place), wanted).await;
    let Err(problem) = went else {
        return Ok(finished(place, "save"));
    };
    let mut told = Form::default();
    told.refused(&problem);
    lists::kept(&mut form, problem)?;
    let said = Said {
        form: told,
        settings: (!form.is_stale()).then_some(form),
        ..Said::default()
    };
    draw(visitor, place, said).await
}

/// A token or an OAuth client for its directory, whose secret is on the page that answers, and on no other.
async fn issue(visitor: &Visitor, place: Place<'_>, mut form: Form) -> Answer {
    let wanted = Unread::of(&Value::Object(credential(&form)));
    let went = tokens::issue(visitor.admin(), asked(visitor), path(place), wanted).await;
    match went {
        Ok(fresh) => {
            let said = Said {
                issued: secrets(fresh.value),
                ..Said::default()
            };
            draw(visitor, place, said).await
        }
        Err(problem) => {
            lists::kept(&mut form, problem)?;
            refused(visitor, place, form).await
        }
    }
}

fn credential(form: &Form) -> Map<String, Value> {
    let mut wanted = form.object(&["kind", "auth_method", "jwks_url"]);
    let scopes = form.all("scopes");
    wanted.insert("scopes".to_owned(), json!(scopes));
    if let Some(days) = form.text("expires_in_days") {
        wanted.insert("expires_in_days".to_owned(), number(Some(days)));
    }
    if let Some(text) = form.text("jwks") {
        // What is no JSON is told as no set of keys.
        let keys = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
        wanted.insert("jwks".to_owned(), keys);
    }
    wanted
}

fn secrets(fresh: Fresh) -> Vec<Copied> {
    let issued = match fresh {
        Fresh::Client(issued) => *issued,
        Fresh::Token(issued) => {
            let label = "SCIM token / Secret token / API token";
            return vec![("issued_token", label, issued.token)];
        }
    };
    let IssuedClient {
        client_id,
        client_secret,
        scope,
        token_endpoint,
        ..
    } = issued;
    let secret = client_secret.map(|it| ("issued_secret", "Client secret", it));
    let mut all = vec![("issued_client_id", "Client ID", client_id.to_string())];
    all.extend(secret);
    let label = "Token endpoint / Access token URL";
    all.push(("issued_token_endpoint", label, token_endpoint));
    all.push(("issued_scope", "Scope", scope.to_owned()));
    all
}
