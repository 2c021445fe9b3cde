//! `/Users` and `/Groups`, whatever is asked of them (RFC 7644 §3.3 to §3.6): a question on one
//! snapshot, or a change in one transaction.

use std::sync::Arc;

use axum::response::Response;
use futures_util::FutureExt;

use crate::http::Gateway;
use crate::http::scim::cursor::Cursors;
use crate::http::scim::endpoint::Scope;
use crate::http::scim::task::perform;
use crate::http::scim::{Endpoint, ScimRequest, groups, root, users, with_tolerated};
use crate::provisioning::scim_client::ScimClient;
use crate::provisioning::{Error, scim_change, scim_question};
use crate::scim::list::search_pairs;
use crate::store::Tx;

/// Answers a request to one of the two, below it, or to a search.
pub(super) async fn answer(gateway: &Gateway, request: ScimRequest) -> Result<Response, Error> {
    let credentials = request.credentials.clone();
    let (store, ids) = (&gateway.store, &gateway.ids);
    if request.is_get() || matches!(request.task.endpoint, Endpoint::Search(_)) {
        let credentials = (credentials, request.reach());
        let (cursors, request) = (Cursors::of(gateway), Arc::new(request));
        return scim_question(store, ids, credentials, move |tx, client| {
            let (cursors, request) = (cursors.clone(), Arc::clone(&request));
            async move { ask(tx, client, &cursors, &request).await }.boxed()
        })
        .await;
    }
    let (cause, task) = (request.cause, Arc::new(request.task));
    scim_change(store, ids, credentials, cause, move |change, client| {
        let task = Arc::clone(&task);
        async move { Ok((perform(change, client, &task).await?, client.clone())) }.boxed()
    })
    .await
    .map(|(done, client)| done.answer(&client))
}

async fn ask(
    tx: &mut Tx,
    client: &ScimClient,
    cursors: &Cursors,
    request: &ScimRequest,
) -> Result<Response, Error> {
    let scope = match &request.task.endpoint {
        Endpoint::Group(id) => return groups::one(tx, client, request, id).await,
        Endpoint::User(id) => return users::one(tx, client, request, id).await,
        Endpoint::Groups => return groups::list(tx, client, cursors, &request.pairs).await,
        Endpoint::Search(scope) => *scope,
        _ => return users::list(tx, client, cursors, &request.pairs).await,
    };
    let (pairs, tolerated) = search_pairs(request.task.body()?, client.strictness())?;
    let answer = match scope {
        Scope::Everything => root::list(tx, client, cursors, &pairs).await?,
        Scope::Groups => groups::list(tx, client, cursors, &pairs).await?,
        Scope::Users => users::list(tx, client, cursors, &pairs).await?,
    };
    Ok(with_tolerated(answer, client, tolerated))
}
