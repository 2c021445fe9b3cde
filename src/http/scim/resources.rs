//! `/Users` and `/Groups`, whatever is asked of them (RFC 7644 §3.3 to §3.6): a question on one
//! snapshot, or a change in one transaction.

use axum::response::Response;
use futures_util::FutureExt;

use crate::http::Gateway;
use crate::http::scim::task::{Done, perform};
use crate::http::scim::{Endpoint, ScimRequest, groups, users};
use crate::provisioning::scim_client::ScimClient;
use crate::provisioning::{Error, scim_change, scim_question};
use crate::store::Tx;

/// Answers a request to one of the two, or below it.
pub(super) async fn answer(gateway: &Gateway, request: ScimRequest) -> Result<Response, Error> {
    let credentials = request.credentials.clone();
    let (store, ids) = (&gateway.store, &gateway.ids);
    if request.is_get() {
        return scim_question(store, ids, credentials, move |tx, client| {
            let request = request.clone();
            async move { ask(tx, client, &request).await }.boxed()
        })
        .await;
    }
    let cause = request.cause.clone();
    scim_change(store, ids, credentials, cause, move |change, client| {
        let task = request.task.clone();
        async move { perform(change, client, &task).await }.boxed()
    })
    .await
    .map(Done::answer)
}

async fn ask(tx: &mut Tx, client: &ScimClient, request: &ScimRequest) -> Result<Response, Error> {
    match &request.task.endpoint {
        Endpoint::Group(id) => groups::one(tx, client, request, id).await,
        Endpoint::Groups => groups::list(tx, client, request).await,
        Endpoint::User(id) => users::one(tx, client, request, id).await,
        _ => users::list(tx, client, request).await,
    }
}
