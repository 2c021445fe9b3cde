//! `/Users` (RFC 7644 §3.3 to §3.6).

use axum::http::{Method, StatusCode};
use axum::response::Response;
use futures_util::FutureExt;

use crate::http::Gateway;
use crate::http::scim::{
    Endpoint, ScimRequest, page, projection, reply_empty, resource, silent, unchanged, view,
    with_ignored,
};
use crate::id::ScimUserId;
use crate::limits;
use crate::provisioning::scim_client::ScimClient;
use crate::provisioning::{Change, Error, Kind, scim_change, scim_question, users};
use crate::scim::catalog::USER_TYPE;
use crate::scim::list::ListQuery;
use crate::scim::patch::Patch;
use crate::scim::validate;
use crate::store::rows::ScimUserRow;
use crate::store::{self, Tx};

/// Answers a request to `/Users` or below it.
pub(super) async fn answer(gateway: &Gateway, request: ScimRequest) -> Result<Response, Error> {
    let credentials = request.credentials.clone();
    if request.is_get() {
        return scim_question(
            &gateway.store,
            &gateway.ids,
            credentials,
            move |tx, client| {
                let request = request.clone();
                async move { ask(tx, client, &request).await }.boxed()
            },
        )
        .await;
    }
    let cause = request.cause.clone();
    scim_change(
        &gateway.store,
        &gateway.ids,
        credentials,
        cause,
        move |change, client| {
            let request = request.clone();
            async move { tell(change, client, &request).await }.boxed()
        },
    )
    .await
}

async fn ask(tx: &mut Tx, client: &ScimClient, request: &ScimRequest) -> Result<Response, Error> {
    let Endpoint::User(id) = &request.endpoint else {
        return list(tx, client, request).await;
    };
    let projection = projection(&USER_TYPE, client, request)?;
    let row = tx
        .scim_user(client.org, client.connection.id, known(id)?)
        .await?;
    let row = row.ok_or(Error::NotFound(Kind::User))?;
    if let Some(response) = unchanged(request, row.version) {
        return Ok(response);
    }
    let location = client.location(&USER_TYPE, row.id);
    let version = row.version;
    let body = view::users(tx, client, &[row], &projection)
        .await?
        .pop()
        .unwrap_or_default();
    Ok(resource(StatusCode::OK, &body, version, &location))
}

async fn list(tx: &mut Tx, client: &ScimClient, request: &ScimRequest) -> Result<Response, Error> {
    let query = ListQuery::parse(&USER_TYPE, &request.pairs, client.strictness())?;
    let search = page::search(client, &query)?;
    if search.is_scan() && tx.users_exceed(&search, limits::SCAN_BUDGET).await? {
        return Err(Error::Store(store::Error::TooMany));
    }
    let total = tx.count_scim_users(&search).await?;
    let rows = match page::window(&query, total) {
        Some((offset, limit)) => tx.scim_user_page(&search, offset, limit).await?,
        None => Vec::new(),
    };
    let resources = view::users(tx, client, &rows, &query.projection).await?;
    Ok(page::response(&query, total, resources))
}

async fn tell(
    change: &mut Change<'_>,
    client: &ScimClient,
    request: &ScimRequest,
) -> Result<Response, Error> {
    let Endpoint::User(id) = &request.endpoint else {
        return create(change, client, request).await;
    };
    let strictness = client.strictness();
    let conditions = &request.conditions;
    match request.method {
        Method::DELETE => {
            users::delete(change, client, known(id)?, conditions).await?;
            Ok(reply_empty(StatusCode::NO_CONTENT))
        }
        Method::PUT => {
            let (body, mut ignored) = (request.body()?, Vec::new());
            let row = users::update(change, client, known(id)?, conditions, |current, _| {
                let draft = validate::replace(&USER_TYPE, current, body, strictness)?;
                ignored = draft.ignored;
                Ok(draft.resource)
            })
            .await?;
            shown(change, client, request, row, &ignored, StatusCode::OK).await
        }
        _ => {
            let patch = Patch::parse(&USER_TYPE, request.body()?, strictness)?;
            let row = users::update(change, client, known(id)?, conditions, |current, id| {
                patch.apply(current, id)
            })
            .await?;
            if client.patch_is_silent(&USER_TYPE) && !page::names_attributes(request) {
                let location = client.location(&USER_TYPE, row.id);
                return Ok(with_ignored(
                    silent(row.version, &location),
                    patch.ignored(),
                ));
            }
            shown(
                change,
                client,
                request,
                row,
                patch.ignored(),
                StatusCode::OK,
            )
            .await
        }
    }
}

async fn create(
    change: &mut Change<'_>,
    client: &ScimClient,
    request: &ScimRequest,
) -> Result<Response, Error> {
    let draft = validate::create(&USER_TYPE, request.body()?, client.strictness())?;
    let row = users::create(change, client, &draft.resource).await?;
    shown(
        change,
        client,
        request,
        row,
        &draft.ignored,
        StatusCode::CREATED,
    )
    .await
}

/// The answer of a write: the resource as it is stored now.
async fn shown(
    change: &mut Change<'_>,
    client: &ScimClient,
    request: &ScimRequest,
    row: ScimUserRow,
    ignored: &[String],
    status: StatusCode,
) -> Result<Response, Error> {
    let projection = projection(&USER_TYPE, client, request)?;
    let (location, version) = (client.location(&USER_TYPE, row.id), row.version);
    let seen = view::users(change.tx, client, &[row], &projection)
        .await?
        .pop();
    let response = resource(status, &seen.unwrap_or_default(), version, &location);
    Ok(with_ignored(response, ignored))
}

/// An id of ours; anything else names nobody.
fn known(id: &str) -> Result<ScimUserId, Error> {
    id.parse().map_err(|_| Error::NotFound(Kind::User))
}
