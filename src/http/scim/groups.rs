//! `/Groups` (RFC 7644 §3.3 to §3.6).

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use axum::response::Response;
use futures_util::FutureExt;

use crate::http::Gateway;
use crate::http::scim::{
    Endpoint, ScimRequest, page, projection, reply_empty, resource, silent, unchanged, view,
    with_ignored,
};
use crate::id::ScimGroupId;
use crate::limits;
use crate::provisioning::scim_client::ScimClient;
use crate::provisioning::{Change, Error, Kind, groups, scim_change, scim_question};
use crate::scim::catalog::GROUP_TYPE;
use crate::scim::list::ListQuery;
use crate::scim::patch::Patch;
use crate::scim::validate;
use crate::store::rows::ScimGroupRow;
use crate::store::{self, Tx};

/// Answers a request to `/Groups` or below it.
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
    let Endpoint::Group(id) = &request.endpoint else {
        return list(tx, client, request).await;
    };
    let projection = projection(&GROUP_TYPE, client, request)?;
    let row = tx
        .scim_group(client.org, client.connection.id, known(id)?)
        .await?;
    let row = row.ok_or(Error::NotFound(Kind::Group))?;
    if let Some(response) = unchanged(request, row.version) {
        return Ok(response);
    }
    let location = client.location(&GROUP_TYPE, row.id);
    let version = row.version;
    let body = view::groups(tx, client, &[row], &projection)
        .await?
        .pop()
        .unwrap_or_default();
    Ok(resource(StatusCode::OK, &body, version, &location))
}

async fn list(tx: &mut Tx, client: &ScimClient, request: &ScimRequest) -> Result<Response, Error> {
    let query = ListQuery::parse(&GROUP_TYPE, &request.pairs, client.strictness())?;
    let search = page::search(client, &query)?;
    if search.is_scan() && tx.groups_exceed(&search, limits::SCAN_BUDGET).await? {
        return Err(Error::Store(store::Error::TooMany));
    }
    let total = tx.count_scim_groups(&search).await?;
    let mut rows = match page::window(&query, total) {
        Some((offset, limit)) => tx.scim_group_page(&search, offset, limit).await?,
        None => Vec::new(),
    };
    if query.projection.wants("members") {
        let shown = affordable(tx, client, &rows).await?;
        rows.truncate(shown);
    }
    let resources = view::groups(tx, client, &rows, &query.projection).await?;
    Ok(page::response(&query, total, resources))
}

/// How many of these groups a page can show with their members: all, unless they are huge; the
/// rest is the next page's.
async fn affordable(
    tx: &mut Tx,
    client: &ScimClient,
    rows: &[ScimGroupRow],
) -> Result<usize, Error> {
    if rows.len() < 2 {
        return Ok(rows.len());
    }
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let counts = tx.member_counts(client.org, &ids).await?;
    let counts: BTreeMap<_, _> = counts.into_iter().collect();
    let mut members = 0;
    let fits = ids.iter().take_while(|id| {
        members += counts.get(id).copied().unwrap_or_default();
        members <= limits::MEMBERS_PER_PAGE
    });
    Ok(fits.count().max(1))
}

async fn tell(
    change: &mut Change<'_>,
    client: &ScimClient,
    request: &ScimRequest,
) -> Result<Response, Error> {
    let Endpoint::Group(id) = &request.endpoint else {
        return create(change, client, request).await;
    };
    let strictness = client.strictness();
    let conditions = &request.conditions;
    match request.method {
        Method::DELETE => {
            groups::delete(change, client, known(id)?, conditions).await?;
            Ok(reply_empty(StatusCode::NO_CONTENT))
        }
        Method::PUT => {
            let (body, mut ignored) = (request.body()?, Vec::new());
            let row = groups::replace(change, client, known(id)?, conditions, |current| {
                let draft = validate::replace(&GROUP_TYPE, current, body, strictness)?;
                ignored = draft.ignored;
                Ok((draft.resource, draft.members))
            })
            .await?;
            shown(change, client, request, row, &ignored, StatusCode::OK).await
        }
        _ => {
            let patch = Patch::parse(&GROUP_TYPE, request.body()?, strictness)?;
            let ignored = patch.ignored().to_vec();
            let row = groups::patch(change, client, known(id)?, conditions, patch).await?;
            if client.patch_is_silent(&GROUP_TYPE) && !page::names_attributes(request) {
                let location = client.location(&GROUP_TYPE, row.id);
                return Ok(with_ignored(silent(row.version, &location), &ignored));
            }
            shown(change, client, request, row, &ignored, StatusCode::OK).await
        }
    }
}

async fn create(
    change: &mut Change<'_>,
    client: &ScimClient,
    request: &ScimRequest,
) -> Result<Response, Error> {
    let draft = validate::create(&GROUP_TYPE, request.body()?, client.strictness())?;
    let members = draft.members.unwrap_or_default();
    let row = groups::create(change, client, &draft.resource, &members).await?;
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
    row: ScimGroupRow,
    ignored: &[String],
    status: StatusCode,
) -> Result<Response, Error> {
    let projection = projection(&GROUP_TYPE, client, request)?;
    let (location, version) = (client.location(&GROUP_TYPE, row.id), row.version);
    let seen = view::groups(change.tx, client, &[row], &projection)
        .await?
        .pop();
    let response = resource(status, &seen.unwrap_or_default(), version, &location);
    Ok(with_ignored(response, ignored))
}

/// An id of ours; anything else names nobody.
fn known(id: &str) -> Result<ScimGroupId, Error> {
    id.parse().map_err(|_| Error::NotFound(Kind::Group))
}
